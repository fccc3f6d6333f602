import { render } from "preact";

import { whenLoggedOut } from "./api/http";
import { App } from "./app";
import { followAddress } from "./lib/route";
import { findSession, loggedOut } from "./lib/session";
import "./styles/base.css";
import "./styles/pages.css";
import "./styles/reading.css";

whenLoggedOut(loggedOut);
followAddress();
void findSession();
const root = document.getElementById("app");
if (root) render(<App />, root);
