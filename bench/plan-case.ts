/**
 * One sample in a process of its own: `floor` parses the same bytes and no more; `plan` loads, lists, decides and
 * prints. Prints what it took, as JSON.
 */
import { parse } from 'yaml';
import { systemClock, systemRandom } from '../src/cli/system.ts';
import { renderJson } from '../src/render/json.ts';
import type { Http } from '../src/service/ports.ts';
import { benchFleet, EXTENSIONS_VALUE } from './fleet.ts';
import { benchDrive, loadTexts, SAFETY } from './parts.ts';

const [what = 'plan', size = '1000'] = process.argv.slice(2);
const { manifests, pages } = benchFleet(Number(size), Number(size) / 20);
let requests = 0;

const http: Http = {
  exchange: async ({ path }) => {
    requests += 1;
    const offset = Number(new URLSearchParams(path.split('?')[1]).get('offset') ?? 0);
    const headers = { 'content-type': 'application/json', 'x-api-extensions': EXTENSIONS_VALUE };
    return { kind: 'response', status: 200, headers, body: pages[offset / 100] ?? '' };
  },
};

async function plan(): Promise<void> {
  const loaded = loadTexts(manifests);
  const pace = { rate: 1e6, burst: 1e6, concurrency: 4 };
  const fleet = benchDrive({ http, clock: systemClock, random: systemRandom, ...pace });
  fleet.setWishes(loaded.wishes);
  if (!(await fleet.look(true, new AbortController().signal))) throw new Error('no list');
  const { plan: planned } = fleet.plan(loaded, SAFETY, new Set());
  if (planned.summary.update !== Number(size) / 20) throw new Error('the plan is not the one expected');
  if (renderJson(planned).length === 0) throw new Error('nothing was printed');
}

function floor(): void {
  for (const text of manifests) parse(text);
  for (const page of pages) JSON.parse(page);
}

const cpu = process.cpuUsage();
const start = performance.now();
await (what === 'plan' ? plan() : floor());
const { user, system } = process.cpuUsage(cpu);
const wallMs = performance.now() - start;
const rssMb = process.resourceUsage().maxRSS / 1024;
const sample = { wallMs, cpuMs: (user + system) / 1000, rssMb, requests, pages: pages.length };
process.stdout.write(`${JSON.stringify(sample)}\n`);
