interface Line {
  readonly label: string;
  readonly values: readonly number[];
}

const WIDTH = 640;
const HEIGHT = 320;
const MARGIN = { left: 50, right: 190, top: 30, bottom: 40 };
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9'] as const;

/** A line plot as SVG: shares over looks, with the nominal level as a dashed line. */
export function linePlot(title: string, lines: readonly Line[], { nominal }: { readonly nominal: number }): string {
  const longest = Math.max(...lines.map(({ values }) => values.length)) - 1;
  const highest = 1.1 * Math.max(nominal, ...lines.flatMap(({ values }) => values));
  const x = (look: number): number => MARGIN.left + (look / longest) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number): number =>
    HEIGHT - MARGIN.bottom - (value / highest) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const text = (left: number, top: number, words: string, more = ''): string =>
    `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" ${more}>${words}</text>`;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const value = (part * highest) / 1.1;
    return `${text(MARGIN.left - 6, y(value) + 4, `${(100 * value).toFixed(1)} %`, 'text-anchor="end"')}<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="#ddd"/>`;
  });
  const drawn = lines.map(({ label, values }, index) => {
    const colour = COLOURS[index % COLOURS.length] ?? '#000';
    const points = values.map((value, look) => `${x(look).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const legend = text(WIDTH - MARGIN.right + 10, MARGIN.top + 18 * (index + 1), label, `fill="${colour}"`);
    return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-width="2"/>${legend}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(MARGIN.left, 18, title, 'font-size="14"'),
    ...ticks,
    ...drawn,
    `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(nominal).toFixed(1)}" y2="${y(nominal).toFixed(1)}" stroke="#000" stroke-dasharray="4 4"/>`,
    text((WIDTH - MARGIN.right + MARGIN.left) / 2, HEIGHT - 10, 'look', 'text-anchor="middle"'),
    '</svg>',
    '',
  ].join('\n');
}
