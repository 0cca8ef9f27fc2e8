/**
 * Characters of another process's text that would steer a terminal or deceive a reader. In: text that another process wrote.
 * Out: the same text with each of them spelt out, as the surface wants it.
 */

/**
 * Controls (C0, DEL, C1), direction overrides, invisible and line-breaking characters, lone halves of surrogate pairs: with
 * the flag u a pair is one character, so only lone halves are in the class.
 */
const HOSTILE = new RegExp(
  '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f' +
    '\\ud800-\\udfff\\ufeff\\ufff9-\\ufffb]',
  'gu',
);

/** @param spell what stands for one hostile character */
export function spelled(text: string, spell: (character: string) => string): string {
  return text.replace(HOSTILE, spell);
}

/** `202e`: the character's code, as long as escapes of four digits are. */
export const hex = (character: string, length = 4): string =>
  character.charCodeAt(0).toString(16).padStart(length, '0');
