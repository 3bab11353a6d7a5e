/**
 * A file of secrets: one a line, several at once so that one can be changed without a gap. It is read again at each use,
 * so a new secret needs no restart; while it cannot be read the last good ones hold.
 */
import { readFileSync, statSync } from 'node:fs';
import { UserError } from '../service/failure.ts';

const MOST_BYTES = 64 * 1024;
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

export interface SecretFile {
  /** What holds now; never empty. */
  values(): readonly string[];
}

export interface SecretFileOptions {
  /** The setting that names the file, for messages. */
  readonly setting: string;
  /** Told every value that was read, before it is used: nothing may show it. */
  readonly known: (values: readonly string[]) => void;
  /** Told once for each time that the file becomes unusable after its first reading. */
  readonly lost: (why: string) => void;
}

/** Throws UserError: EK520 (cannot be read, or holds nothing), EK504 (others can read it). No message shows a value. */
export function secretFile(path: string, { setting, known, lost }: SecretFileOptions): SecretFile {
  let values = readSecrets(path, setting);
  let broken = false;
  known(values);
  return {
    values() {
      try {
        values = readSecrets(path, setting);
        known(values);
        broken = false;
      } catch (error) {
        if (!broken) lost(error instanceof Error ? error.message : String(error));
        broken = true;
      }
      return values;
    },
  };
}

function readSecrets(path: string, setting: string): readonly string[] {
  const fail = (why: string) => new UserError('EK520', `${setting}: ${path} ${why}`, 3);
  let text: string;
  try {
    const { mode, size } = statSync(path);
    if ((mode & 0o077) !== 0)
      throw new UserError(
        'EK504',
        `${setting}: ${path} has mode 0${(mode & 0o777).toString(8)}, so others can read the secret; run chmod 600 ${path}`,
        3,
      );
    if (size > MOST_BYTES) throw fail(`has ${size} bytes; one secret a line is expected`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw fail(`cannot be read: ${WORDS[code] ?? code}`);
  }
  const values = [...new Set(text.split(/\r?\n/).map((line) => line.trim()))].filter((line) => line !== '');
  if (values.length === 0) throw fail('holds no secret; one secret a line is expected');
  return values;
}
