import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Package {
  readonly version?: string;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, Package>>;
};

/**
 * npm leaves an optional package of another platform out of the lock when the registry at hand does not carry it, and
 * `npm ci` then refuses the lock everywhere.
 */
it('the lock names every optional package of every platform, so that npm ci takes it anywhere', () => {
  const names = new Set(Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, '')));
  const wanted = Object.values(lock.packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}));
  expect(wanted.filter((name) => !names.has(name))).toEqual([]);
});

it('the lock names no registry, so that any one can be used', () => {
  expect(Object.values(lock.packages).filter((one) => one.resolved?.startsWith('http'))).toEqual([]);
});
