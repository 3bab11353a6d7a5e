/** The real client, pace and drive over any `Http` and clock, with a journal that keeps nothing. */
import { createClient } from '../src/api/client.ts';
import { Credentials } from '../src/api/credentials.ts';
import { parseOrigin } from '../src/api/origin.ts';
import { DEADLINES } from '../src/drive/deadlines.ts';
import { Fleet } from '../src/drive/fleet.ts';
import { Folding } from '../src/journal/fold.ts';
import { load } from '../src/manifest/load.ts';
import { createResolver } from '../src/manifest/resolver.ts';
import type { Clock, Http, Journal, Load, Random } from '../src/service/ports.ts';

export interface BenchOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly random: Random;
  readonly rate: number;
  readonly burst: number;
  readonly concurrency: number;
}

export function benchDrive({ http, clock, random, rate, burst, concurrency }: BenchOptions): Fleet {
  const folding = new Folding();
  const journal: Journal = {
    memory: () => folding.memory(),
    append: async (record) => {
      folding.apply(record);
    },
    hash: (text) => text,
    close: async () => {},
  };
  const api = createClient({
    origin: parseOrigin('http://127.0.0.1:1'),
    http,
    clock,
    random,
    credentials: new Credentials('ApiKey u:k', ['k'], 'bench'),
    pace: { rate, burst, concurrency },
    userAgent: 'bench',
  });
  return new Fleet({
    api,
    journal,
    clock,
    random,
    listen: () => {},
    settings: {
      owner: 'default',
      pace: { rate, burst },
      inOrder: false,
      healAfterMs: 0,
      uncertainMs: 120_000,
      deadlines: DEADLINES,
    },
  });
}

export function loadTexts(texts: readonly string[]): Load {
  const files = texts.map((text, index) => ({ path: `fleet/svc-${index}.yaml`, text, id: String(index) }));
  const resolver = createResolver({ env: {}, allow: undefined, file: undefined });
  const loaded = load({ kind: 'complete', files, revision: 'bench' }, { resolver });
  if (!loaded.load.complete) throw new Error(loaded.load.problems.slice(0, 3).join('\n'));
  return loaded.load;
}

export const SAFETY = { prune: 'never', allowEmpty: false, allowDeletes: undefined } as const;
