/** Names that want to be something else wherever they are shown: escape sequences, markup, labels, lines, letters that run backwards. */

export interface Names {
  readonly script: string;
  readonly comm: string;
  /** Of its control group. */
  readonly container: string;
  readonly argument: string;
}

const HOSTILE = `\u001b]0;x\u0007\u001b[2J\u202e\u2066\r"'\`$(id)\\"} 1,=<img src=x onerror="document.title=1"></script>&#0;`;

export const HOSTILE_NAMES: Names = {
  script: `\n${HOSTILE.replaceAll('/', '|')}`,
  comm: '\u001b[7m\r\n"<b>{}',
  container: HOSTILE.replaceAll('/', '|'),
  argument: HOSTILE,
};

export const PLAIN_NAMES: Names = {
  script: 'twin.py',
  comm: 'twin',
  container: 'twin',
  argument: 'plain',
};
