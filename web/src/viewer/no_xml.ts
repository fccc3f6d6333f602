/** Stands for the XML writer of vtk.js, which no screen of corcal uses. */
export function create(): never {
  throw new Error("this build writes no XML");
}
