/**
 * A chart with two logarithmic axes, as SVG that can be read on light and on dark pages. Knows nothing
 * of what it shows.
 */

/** One line of the chart. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What is drawn. */
export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
}

const WIDTH = 720;
const HEIGHT = 400;
const BOX = { left: 70, right: 580, top: 50, bottom: 340 } as const;
/** Told apart also by who sees no colours well, on white as on black. */
const COLOURS = ['#3b82f6', '#e07a1f', '#17a589', '#b45cd6', '#d64550', '#8a8a2b'];
const STYLE = `text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.grid { stroke: #8886; stroke-width: 1 }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }`;

/** Draws it. */
export function plot({ title, x, y, lines }: Chart): string {
  const points = lines.flatMap((line) => line.points);
  const across = axis(
    points.map(([value]) => value),
    BOX.left,
    BOX.right,
  );
  const up = axis(
    points.map(([, value]) => value),
    BOX.bottom,
    BOX.top,
  );
  const parts = [
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    text(BOX.left, 26, title, 'start'),
    ...across.ticks.flatMap((value) => [
      rule(across.at(value), BOX.top, across.at(value), BOX.bottom),
      text(across.at(value), BOX.bottom + 20, value.toLocaleString('en-US')),
    ]),
    ...up.ticks.flatMap((value) => [
      rule(BOX.left, up.at(value), BOX.right, up.at(value)),
      text(BOX.left - 8, up.at(value) + 4, value.toLocaleString('en-US'), 'end'),
    ]),
    text((BOX.left + BOX.right) / 2, BOX.bottom + 44, x),
    text(BOX.left, BOX.top - 8, y, 'end'),
    ...legend(lines).flatMap((at, i) => drawn(lines[i] as Line, i, at, across, up)),
  ];
  const size = `viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">\n${parts.join('\n')}\n</svg>\n`;

  /** Where the names of lines stand: beside their ends, but never on one another. */
  function legend(all: readonly Line[]): number[] {
    const wanted = all.map(({ points: own }, i) => ({ i, at: up.at(own.at(-1)?.[1] ?? 1) }));
    wanted.sort((a, b) => a.at - b.at);
    const places: number[] = [];
    let last = Number.NEGATIVE_INFINITY;
    for (const { i, at } of wanted) {
      last = Math.max(at, last + 17);
      places[i] = last;
    }
    return places;
  }
}

interface Axis {
  readonly ticks: readonly number[];
  at(value: number): number;
}

/** Whole decades, with 2 and 5 between where there are few. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const shown = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...shown)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...shown))));
  const steps = high - low > 2 ? [1] : [1, 2, 5];
  const decades = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const ticks = decades.flatMap((decade) =>
    steps.map((step) => Number((decade * step).toPrecision(1))),
  );
  return {
    ticks: ticks.filter((tick) => tick <= 10 ** high),
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
  };
}

function drawn(
  { name, points }: Line,
  i: number,
  nameAt: number,
  across: Axis,
  up: Axis,
): string[] {
  const last = points.at(-1);
  if (last === undefined) return [];
  const colour = COLOURS[i % COLOURS.length] as string;
  const path = points.map(([x, y]) => `${round(across.at(x))},${round(up.at(y))}`).join(' ');
  return [
    `<polyline class="line" stroke="${colour}" points="${path}"/>`,
    ...points.map(
      ([x, y]) =>
        `<circle cx="${round(across.at(x))}" cy="${round(up.at(y))}" r="3.5" fill="${colour}"/>`,
    ),
    `<rect x="${BOX.right + 12}" y="${round(nameAt - 5)}" width="10" height="10" fill="${colour}"/>`,
    text(BOX.right + 28, nameAt + 4, name, 'start'),
  ];
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="grid" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function text(x: number, y: number, words: string, anchor = 'middle'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${words}</text>`;
}

function round(value: number): string {
  return `${Math.round(value * 10) / 10}`;
}
