/**
 * What can be said of a file's text before any YAML library sees it: characters that no manifest holds, and things
 * that are no manifest at all but parse as one long scalar (`research/reliability.md` D11, D12, D23).
 */
import type { Fault } from './diagnostic.ts';

/** Control characters but tab, line feed and carriage return; next line (U+0085) is allowed by YAML. */
const CONTROL = /(?![\t\n\r\u0085])[\p{Cc}\ufffe\uffff]/u;
/** What reorders the text around it, also from within a comment. */
const REORDERING = /[\u202a-\u202e\u2066-\u2069]/;
const CONFLICT = /^(?:<{7}|>{7}|\|{7})(?: |$)/m;
const LFS = /^version https:\/\/git-lfs\.github\.com\/spec\//;
const HTML = /^\s*<(?:!doctype|html|head|body)\b/i;

/** Removes a byte-order mark at the very start; anywhere else it is an error of its own. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** Why `text` is not to be parsed; undefined = go on. */
export function refuseText(text: string): Fault | undefined {
  const control = text.search(CONTROL);
  if (control !== -1) {
    const code = text.charCodeAt(control).toString(16).padStart(2, '0');
    return {
      code: 'EK103',
      offset: control,
      message: `a control character (0x${code}) is not allowed in a manifest`,
    };
  }
  const mark = text.indexOf('\ufeff');
  if (mark !== -1)
    return {
      code: 'EK103',
      offset: mark,
      message: 'a byte-order mark is allowed only at the start of a file',
    };
  const reordering = text.search(REORDERING);
  if (reordering !== -1)
    return {
      code: 'EK117',
      offset: reordering,
      message: 'a character that changes the order in which others are seen',
      hint: 'remove it; where it is meant, write it as an escape in double quotes ("\\u202e")',
    };
  if (LFS.test(text))
    return {
      code: 'EK105',
      offset: 0,
      message: 'this is a Git LFS pointer, not the file it stands for',
      hint: 'run `git lfs pull`, or keep manifests out of LFS',
    };
  if (HTML.test(text))
    return {
      code: 'EK105',
      offset: 0,
      message: 'this is an HTML page, not a manifest',
      hint: 'it may be an error or login page that was saved in place of the file',
    };
  const conflict = CONFLICT.exec(text);
  if (conflict !== null)
    return {
      code: 'EK104',
      offset: conflict.index,
      message: 'merge conflict markers: the file is half of one version and half of another',
      hint: 'resolve the conflict, then commit',
    };
  return undefined;
}
