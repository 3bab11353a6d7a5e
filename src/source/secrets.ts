/**
 * `value_from.file`: text of a file under the secrets directory, and of none outside it, whatever the path or a link
 * says (design §5). An error says why and nothing of the content.
 */
import { resolve, sep } from 'node:path';
import { type Files, nodeFiles, reason } from './files.ts';

const MAX_BYTES = 64 * 1024;

export type SecretText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: string };

/** Reads anew every time, so that a changed secret is noticed. One newline at the end is removed. */
export function secretFiles(directory: string, files: Files = nodeFiles): (path: string) => SecretText {
  const fail = (error: string): SecretText => ({ ok: false, error });
  return (path) => {
    try {
      const root = files.realpath(directory);
      const real = files.realpath(resolve(root, path));
      if (!real.startsWith(root.endsWith(sep) ? root : root + sep))
        return fail('it leads out of the secrets directory');
      if (files.stat(real).kind !== 'file') return fail('it is not a regular file');
      const { bytes, stamp, stable } = files.read(real, MAX_BYTES);
      if (stamp.kind !== 'file' || !stable) return fail('it changed while it was read');
      if (bytes.length > MAX_BYTES) return fail(`it is larger than ${MAX_BYTES / 1024} KiB`);
      return textOf(bytes);
    } catch (error) {
      return fail(reason(error));
    }
  };
}

function textOf(bytes: Uint8Array): SecretText {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { ok: false, error: 'it is not UTF-8 text' };
  }
  if (text.includes('\0')) return { ok: false, error: 'it holds a NUL character' };
  return { ok: true, text: text.replace(/\r?\n$/, '') };
}
