/**
 * What a run of the matrix says of each kernel: a line on stdout, and a row of README's support table, which is
 * compared by series, since a machine's own kernel and Debian's patch levels differ. Pure.
 */

/**
 * @typedef {{ kernel: string, count: import('../count.js').Count, verdict: string | null, hooks: string[], lacks: string[] }} Row
 *   `lacks`: what the kernel does not tell, others do
 */

const BEGIN = '<!-- npm run test:kernels -- --write -->\n';
const END = '<!-- end of the table -->\n';

/** @param {Row} row */
export function lineOf({ kernel, count, verdict, hooks }) {
  const { passed, failed } = count;
  return `${kernel}: ${passed} passed, ${failed} failed, verdict ${verdict ?? '–'}, hooks ${hooks.join(' ') || '–'}`;
}

/** @param {string} kernel "6.12.117+deb12-cloud-amd64" @returns {string} "6.12"; "6.1-rt" of one for real time */
const seriesOf = (kernel) => `${/^\d+\.\d+/.exec(kernel)?.[0] ?? kernel}${/-rt-/.test(kernel) ? '-rt' : ''}`;

/** @param {string} line of the table @returns {string} */
const seriesIn = (line) => seriesOf(/^\| (\S+) /.exec(line)?.[1] ?? '');

/** @param {Row} row */
const cells = ({ verdict, hooks, lacks }) =>
  ` ${verdict ?? '–'} | ${lacks.join(', ') || 'nothing'} | ${hooks.join(', ')} |`;

/**
 * The README with these rows as its table.
 * @param {string} readme
 * @param {Row[]} rows
 */
export function rewrite(readme, rows) {
  const [before, rest = ''] = readme.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  const lines = rows.map((row) => `| ${row.kernel} | ${row.count.passed} |${cells(row)}\n`);
  const head = '| kernel | tests passed | close outcome | lacks | hooks |\n|---|---|---|---|---|\n';
  return `${before}${BEGIN}${head}${lines.join('')}${END}${after}`;
}

/**
 * What the table says otherwise than these rows, or not at all. A series that is not stock may be missing there.
 * @param {string} readme
 * @param {Row[]} rows the running kernel's first
 * @returns {string[]}
 */
export function differences(readme, rows) {
  const table = readme.split(BEGIN)[1]?.split(END)[0]?.split('\n') ?? [];
  return rows.flatMap((row, index) => {
    const series = seriesOf(row.kernel);
    const said = table.find((line) => seriesIn(line) === series);
    if (said === undefined) return index === 0 ? [] : [`nothing about ${series}`];
    return said.endsWith(`|${cells(row)}`)
      ? []
      : [`of ${series} another verdict, other hooks or lacks than found`];
  });
}
