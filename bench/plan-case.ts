/**
 * One sample in a process of its own: `floor` parses the same bytes and no more; `plan` loads, lists, decides and
 * prints. Prints what it took, as JSON.
 */
import { parse } from 'yaml';
import { createClient } from '../src/api/client.ts';
import { parseOrigin } from '../src/api/origin.ts';
import { Fleet } from '../src/drive/fleet.ts';
import { DEADLINES } from '../src/drive/deadlines.ts';
import { load } from '../src/manifest/load.ts';
import { createResolver } from '../src/manifest/resolver.ts';
import { renderJson } from '../src/render/json.ts';
import type { HttpRequest, Journal } from '../src/service/ports.ts';
import { NO_MEMORY } from '../src/service/memory.ts';
import { systemClock, systemRandom } from '../src/cli/system.ts';
import { benchFleet, EXTENSIONS_VALUE } from './fleet.ts';

const [what = 'plan', size = '1000'] = process.argv.slice(2);
const { manifests, pages } = benchFleet(Number(size), Number(size) / 20);
const files = manifests.map((text, index) => ({ path: `fleet/svc-${index}.yaml`, text, id: String(index) }));
let requests = 0;

const journal: Journal = {
  memory: () => NO_MEMORY,
  append: async () => {},
  hash: (text) => text,
  close: async () => {},
};

async function plan(): Promise<number> {
  const snapshot = { kind: 'complete', files, revision: 'bench' } as const;
  const resolver = createResolver({ env: {}, file: async () => ({ ok: false, why: 'none' }) } as never);
  const { load: loaded } = load(snapshot, { resolver });
  const api = createClient({
    origin: parseOrigin('http://127.0.0.1:1'),
    http: {
      exchange: async ({ path }: HttpRequest) => {
        requests += 1;
        const offset = Number(new URLSearchParams(path.split('?')[1]).get('offset') ?? 0);
        const headers = { 'content-type': 'application/json', 'x-api-extensions': EXTENSIONS_VALUE };
        return { kind: 'response', status: 200, headers, body: pages[offset / 100] ?? '' };
      },
    },
    clock: systemClock,
    random: systemRandom,
    credentials: { authorization: () => 'ApiKey u:k', secrets: () => [], source: 'bench' } as never,
    pace: { rate: 1e6, burst: 1e6, concurrency: 4 } as never,
    userAgent: 'bench',
  });
  const fleet = new Fleet({
    api,
    journal,
    clock: systemClock,
    random: systemRandom,
    listen: () => {},
    settings: {
      owner: 'default',
      pace: { rate: 10, burst: 10 },
      inOrder: false,
      healAfterMs: 0,
      uncertainMs: 1,
      deadlines: DEADLINES,
    },
  });
  fleet.setWishes(loaded.wishes);
  if (!(await fleet.look(true, new AbortController().signal))) throw new Error('no list');
  const { plan: planned } = fleet.plan(
    loaded,
    { prune: 'never', allowEmpty: false, allowDeletes: undefined },
    new Set(),
  );
  if (planned.summary.update !== Number(size) / 20) throw new Error('the plan is not the one expected');
  return renderJson(planned).length;
}

function floor(): number {
  return manifests.map((text) => parse(text)).length + pages.map((page) => JSON.parse(page)).length;
}

const cpu = process.cpuUsage();
const start = performance.now();
await (what === 'plan' ? plan() : floor());
const { user, system } = process.cpuUsage(cpu);
const wallMs = performance.now() - start;
const rssMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify({ wallMs, cpuMs: (user + system) / 1000, rssMb, requests, pages: pages.length })}\n`);
