import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

/** Time and chance that do not come through a port make a run that cannot be replayed (service/ports.ts). */
const HIDDEN =
  /\bDate\s*[.(]|\bnew Date\b|Math\.random|\bhrtime\b|\bperformance\s*\.|\bset(?:Timeout|Interval|Immediate)\s*\(|node:timers|\brandomUUID\b|\brandomBytes\b|AbortSignal\.timeout/;

/** The one real clock and chance, pure date arithmetic, and the name of a socket file, on which nothing depends. */
const ALLOWED = new Set(['cli/system.ts', 'service/dates.ts', 'server/store/lock.ts']);

const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');

it('reads no clock and no chance outside cli/system.ts', () => {
  const found = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !ALLOWED.has(file))
    .filter((file) => HIDDEN.test(code(readFileSync(`${SRC}${file}`, 'utf8'))));
  expect(found).toEqual([]);
});

it('reads process.env, process.argv and the standard streams in cli/ only', () => {
  const found = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.startsWith('cli/'))
    .filter((file) =>
      /process\.(?:env|argv|std(?:out|err|in)|exit\b|on\b)/.test(code(readFileSync(`${SRC}${file}`, 'utf8'))),
    );
  expect(found).toEqual([]);
});
