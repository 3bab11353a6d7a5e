/**
 * What must have become of a fleet in calm weather, judged from the truth. Where the program says *blocked*, the truth
 * must show why; a block without a reason in the world is a violation like any other.
 */
import type { Verdict } from '../../src/drive/bench.ts';
import type { Block, Wish } from '../../src/service/service.ts';
import type { Known } from './server.ts';
import * as truth from './truth.ts';
import type { Running, World } from './world.ts';

export interface Judged {
  /** What is not as it must be. */
  readonly wrong: readonly string[];
  /** How many are rightly blocked. */
  readonly blocked: number;
  /** Those that only the limit of deletes holds, which an hour may end. */
  readonly limited: ReadonlySet<string>;
}

export function expectations(world: World, running: Running): Judged {
  const wrong: string[] = [];
  let blocked = 0;
  const stuck = new Set<string>();
  const limited = new Set<string>();
  for (const wish of inOrder(world.wishes)) {
    const lives = world.server.live(wish.name);
    const verdict = running.fleet.verdictOf(wish.name);
    const block = verdict?.kind === 'blocked' ? verdict.block : undefined;
    const well = lives.length === 1 && lives[0] !== undefined && isWell(wish, lives[0], world);
    if (well && isOurs(wish, lives[0] as Known) && block === undefined) continue;
    const reason = block === undefined ? `not blocked (${waiting(verdict)})` : why(block, wish, world, stuck);
    if (reason === undefined) {
      blocked += 1;
      stuck.add(wish.name);
      if (block?.code === 'deletes-refused' || block?.code === 'dependency') limited.add(wish.name);
      continue;
    }
    const seen = lives
      .map(({ service }) => `${service.state} ${JSON.stringify(short(service))}`)
      .join(' and ');
    wrong.push(
      `${wish.name} is ${seen || 'not there'}, wished ${wish.want} ${JSON.stringify(wish.spec)}: ${reason}`,
    );
  }
  // A replace that comes later gives its dependants another link.
  for (const { name, dependsOn } of inOrder(world.wishes)) {
    if (dependsOn.some((other) => limited.has(other))) limited.add(name);
  }
  return { wrong, blocked, limited };
}

const short = ({ spec }: truth.Service) => [spec.image, spec.target_num_containers];

function isOurs(wish: Wish, known: Known): boolean {
  return known.creator === 'us' || wish.adopt;
}

/** undefined: the world shows the reason. */
function why(block: Block, wish: Wish, world: World, stuck: ReadonlySet<string>): string | undefined {
  const lives = world.server.live(wish.name);
  const [one] = lives;
  const because = (holds: boolean) =>
    holds ? undefined : `blocked without a reason: ${JSON.stringify(block)}`;
  switch (block.code) {
    case 'foreign':
      return because(
        lives.length === 1 &&
          one?.creator === 'another' &&
          (!wish.adopt || truth.ownerOf(one.service.spec) !== undefined),
      );
    case 'namesakes':
      return because(lives.length > 1);
    case 'replace-off':
      return because(!wish.allowReplace && world.options.server.profile === 'reference');
    case 'protected':
      return because(wish.protect && world.options.server.profile === 'reference');
    case 'deletes-refused':
      return because(wish.allowReplace && world.options.server.profile === 'reference');
    case 'replace-unlinks':
      return because(wish.allowReplace && world.options.server.profile === 'reference');
    case 'dependency':
      return because(stuck.has(block.name));
    default:
      return `blocked: ${JSON.stringify(block)}`;
  }
}

/** At rest where it is wished, and made of what is declared. */
function isWell(wish: Wish, known: Known & { readonly service: truth.Service }, world: World): boolean {
  const { state, spec, token } = known.service;
  const none = wish.spec.target_num_containers === 0;
  const up = wish.want === 'running' && !none;
  const rests = up ? ['Running'] : ['Init', 'Stopped', 'Not running'];
  if (!rests.includes(state)) return false;
  if (!up && state === 'Not running') return true;
  if (wish.redeploy !== undefined && world.options.server.profile === 'ours' && token !== wish.redeploy)
    return false;
  return Object.entries(wish.spec).every(([field, value]) => isEqual(field, value, spec[field], world));
}

function isEqual(field: string, wanted: unknown, live: unknown, world: World): boolean {
  switch (field) {
    case 'image': {
      const tagged = (text: unknown) => (String(text).includes(':') ? text : `${text}:latest`);
      return tagged(wanted) === tagged(live);
    }
    case 'container_envvars': {
      const own = (live as readonly { key: string }[]).filter(({ key }) => key !== 'EVENKEEL_OWNER');
      return JSON.stringify(own) === JSON.stringify(wanted);
    }
    case 'linked_to_service': {
      const links = wanted as readonly { to_service: string; name: string }[];
      const live_ = live as readonly { to_service: string; name: string }[];
      return (
        live_.length === links.length &&
        links.every(({ to_service, name }) => {
          const uuid = world.server.live(to_service)[0]?.uuid;
          return live_.some((one) => one.name === name && one.to_service === `/api/v1/service/${uuid}/`);
        })
      );
    }
    default:
      return JSON.stringify(wanted) === JSON.stringify(live);
  }
}

/** Dependencies first. */
function inOrder(wishes: readonly Wish[]): readonly Wish[] {
  return [...wishes].sort((a, b) => Number(a.name.slice(1)) - Number(b.name.slice(1)));
}

function waiting(verdict: Verdict | undefined): string {
  if (verdict?.kind === 'wait') return `waits for ${JSON.stringify(verdict.for)}`;
  return verdict?.kind === 'act' ? `is to ${verdict.operation.verb}` : String(verdict?.kind);
}
