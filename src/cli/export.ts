/**
 * `evenkeel export`: live services as manifests on standard output, so that a plan of them shows nothing to do.
 * `evenkeel adopt NAME`: the manifest that takes a service over which evenkeel did not create.
 */
import { emit } from '../manifest/emit.ts';
import { visible } from '../render/safe.ts';
import { UserError } from '../service/failure.ts';
import { LIMITS } from '../service/limits.ts';
import type { Live } from '../service/service.ts';
import { CLIENT_KEYS } from './keys.ts';
import type { Call, CommandSpec } from './program.ts';
import { settings } from './settings.ts';
import { type Seen, see, theOne } from './survey.ts';

const KEYS = [...CLIENT_KEYS, 'inlineValues'] as const;

export const exportCommand: CommandSpec = {
  name: 'export',
  args: '[names...]',
  summary: 'Writes live services as manifests; environment values become value_from: {env: NAME_KEY}.',
  keys: KEYS,
  example: 'evenkeel export > fleet/all.yaml    # then: evenkeel plan fleet/',
  async run(call) {
    const values = settings(KEYS, call.flags, call.io.env);
    const seen = await see(call, values, []);
    try {
      const { fleet } = seen;
      const chosen =
        call.args.length === 0 ? fleet.knowledge.all() : call.args.map((name) => theOne(fleet, name));
      const [foreign, ours] = split(chosen, seen, values.owner);
      const others = foreign.filter((live) => live.mark);
      for (const live of others)
        warn(call, live.name, `it is owned by ${live.mark?.owner}, so it is left out`);
      // What nobody owns is written with the line that takes it over: without it a plan would not touch it.
      const unowned = foreign.filter((live) => !live.mark);
      const text = [
        write(call, seen, ours, values.inlineValues, false),
        write(call, seen, unowned, values.inlineValues, true),
      ].filter((part) => part !== '');
      if (text.length === 0)
        throw new UserError('EK516', 'there is no service to export; evenkeel status lists them');
      const whole = text.join('---\n');
      call.io.stdout.write(whole);
      warnOfSize(call, whole, chosen.length);
      return 0;
    } finally {
      await seen.close();
    }
  },
};

export const adopt: CommandSpec = {
  name: 'adopt',
  args: '<name>',
  summary: 'Writes the manifest that takes over a live service which evenkeel did not create.',
  keys: KEYS,
  example: 'evenkeel adopt web > fleet/web.yaml   # the commit of that file is the adoption',
  async run(call) {
    const values = settings(KEYS, call.flags, call.io.env);
    const seen = await see(call, values, []);
    try {
      const live = theOne(seen.fleet, call.args[0] ?? '');
      if (live.mark && live.mark.owner !== values.owner) {
        const { owner } = live.mark;
        throw new UserError(
          'EK518',
          `${live.name} is owned by ${owner}; adoption does not override another owner's mark`,
        );
      }
      call.io.stdout.write(write(call, seen, [live], values.inlineValues, true));
      return 0;
    } finally {
      await seen.close();
    }
  },
};

function split(lives: readonly Live[], seen: Seen, owner: string): readonly [Live[], Live[]] {
  const { claims } = seen.journal.memory();
  const isOurs = (live: Live) => (live.mark ? live.mark.owner === owner : claims.has(live.uuid));
  return [lives.filter((live) => !isOurs(live)), lives.filter(isOurs)];
}

function write(
  call: Call,
  seen: Seen,
  lives: readonly Live[],
  inlineValues: boolean,
  adopts: boolean,
): string {
  const names = new Map(seen.fleet.knowledge.all().map((live) => [live.uuid, live.name]));
  const { text, skipped } = emit(lives, { names, inlineValues, adopt: adopts });
  for (const { name, why } of skipped) warn(call, name, why);
  return text;
}

/** One file may hold so much; standard input holds more (service/limits.ts). */
function warnOfSize(call: Call, text: string, services: number): void {
  const { fileBytes, documents } = LIMITS;
  if (Buffer.byteLength(text) <= fileBytes && services <= documents) return;
  call.io.stderr.write(
    `warning: ${services} services are more than one manifest file holds (${fileBytes / 1024} KiB, ${documents} documents): read this back through standard input (evenkeel export | evenkeel plan -), or export some names at a time into a file each (evenkeel export NAME…)\n`,
  );
}

function warn(call: Call, name: string, why: string): void {
  call.io.stderr.write(`warning: ${visible(name)} is left out: ${visible(why)}\n`);
}
