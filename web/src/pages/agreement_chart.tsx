/** Bland-Altman plot. Its text says what it shows; the points lead to the exams. */

import { plural } from "../lib/format";
import { go } from "../lib/route";
import { niceTicks } from "../lib/ticks";

type Props = {
  /** What is subtracted from what. */
  what: string;
  bias: number;
  /** Limits of agreement; null where the exams are too few for them. */
  low: number | null;
  high: number | null;
  points: { mean: number; difference: number; exam_id: string }[];
};
const W = 640;
const H = 340;
const LEFT = 58;
const RIGHT = 120;
const TOP = 14;
const BOTTOM = 46;
const LINE = 15;

export function AgreementChart({ what, bias, low, high, points }: Props) {
  const xMax = Math.max(1, ...points.map((one) => one.mean)) * 1.05;
  const limits = low === null || high === null ? [] : [{ value: high, name: "+1.96 SD" }, { value: low, name: "−1.96 SD" }];
  const ys = [...points.map((one) => one.difference), ...limits.map((one) => one.value), 0];
  const reach = Math.max(1, (Math.max(...ys) - Math.min(...ys)) * 0.08); // a score has a unit of one
  const yLow = Math.min(...ys) - reach;
  const yHigh = Math.max(...ys) + reach;
  const x = (value: number) => LEFT + (value / xMax) * (W - LEFT - RIGHT);
  const y = (value: number) => TOP + ((yHigh - value) / (yHigh - yLow)) * (H - TOP - BOTTOM);
  // names of lines that lie close together are written one below the other
  const lines = [...limits, { value: bias, name: "mean" }].sort((a, b) => b.value - a.value);
  const heights: number[] = [];
  for (const { value } of lines) heights.push(Math.max(y(value) + 4, (heights.at(-1) ?? 0) + LINE));
  const about = limits.length === 0 ? "" : `, limits of agreement ${low?.toFixed(1)} to ${high?.toFixed(1)}`;
  return (
    <svg class="chart agreement-chart" viewBox={`0 0 ${W} ${H}`} role="img"
      aria-label={`Differences against means of ${plural(points.length, "exam")}: mean difference ${bias.toFixed(1)}${about}`}
    >
      {niceTicks(0, xMax, 6).map((tick) => (
        <g key={`x${tick}`}>
          <line class="tick" x1={x(tick)} x2={x(tick)} y1={TOP} y2={H - BOTTOM} />
          <text x={x(tick)} y={H - BOTTOM + 17} text-anchor="middle">{tick}</text>
        </g>
      ))}
      {niceTicks(yLow, yHigh, 6).map((tick) => (
        <g key={`y${tick}`}>
          <line class="tick" x1={LEFT} x2={W - RIGHT} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 7} y={y(tick) + 4} text-anchor="end">{tick}</text>
        </g>
      ))}
      {lines.map(({ value, name }, i) => (
        <g key={name}>
          <line class={name === "mean" ? "mean" : "limit"} x1={LEFT} x2={W - RIGHT} y1={y(value)} y2={y(value)} />
          <text x={W - RIGHT + 6} y={heights[i]}>{name} {value.toFixed(1)}</text>
        </g>
      ))}
      {points.map((one) => (
        <circle key={one.exam_id} cx={x(one.mean)} cy={y(one.difference)} r={4.5} onClick={() => go(`/exams/${one.exam_id}`)} />
      ))}
      <text x={(LEFT + W - RIGHT) / 2} y={H - 8} text-anchor="middle">mean of both</text>
      <text transform={`translate(14 ${(TOP + H - BOTTOM) / 2}) rotate(-90)`} text-anchor="middle">{what}</text>
    </svg>
  );
}
