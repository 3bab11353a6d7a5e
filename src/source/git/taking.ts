/**
 * From "the branch stands at this commit" to "this commit is what is wished": whether it is held, whether it is signed,
 * whether it can be read whole, and what it approves. What was taken is on disk before anything is done about it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isoDate } from '../../service/dates.ts';
import type { Commit, SourceFile } from '../../service/ports.ts';
import { reason } from '../files.ts';
import type { GitResult } from './command.ts';
import {
  approvalsOf,
  BROKEN_SIGNATURE,
  isAncestor,
  type Relation,
  relationOf,
  signatureProblem,
} from './history.ts';
import { type Judgement, judge } from './hold.ts';
import { type Approved, type GitMemory, readMemory, writeMemory } from './memory.ts';
import type { Mirror } from './mirror.ts';
import type { GitSourceOptions } from './options.ts';
import type { Local } from './tree.ts';

export interface Taken {
  readonly files: readonly SourceFile[];
  readonly commit: Commit;
}

export type NotTaken =
  | { readonly problems: readonly string[] }
  /** A command on the mirror failed. */
  | { readonly failed: GitResult };

const MOST_APPROVALS = 1_000;

export interface TakingParts {
  readonly options: GitSourceOptions;
  readonly mirror: Mirror;
  readonly of: string;
  /** The ref that keeps the commit taken last in the mirror. */
  readonly as: string;
}

export class Taking {
  readonly #parts: TakingParts;
  #memory: GitMemory | undefined;
  #last: Taken | undefined;
  /** What the check of a commit's signature said, by commit and content of the signers' file. */
  readonly #verdicts = new Map<string, string | undefined>();

  constructor(parts: TakingParts) {
    this.#parts = parts;
    const { memoryFile } = parts.options;
    this.#memory = memoryFile === undefined ? undefined : readMemory(memoryFile, parts.of);
  }

  get last(): Taken | undefined {
    return this.#last;
  }

  get lastSha(): string | undefined {
    return this.#memory?.taken;
  }

  /** `files` reads the commit; what it throws passes through, and nothing has been taken. */
  async take(
    commit: string,
    name: string,
    signal: AbortSignal,
    files: () => Promise<readonly SourceFile[]>,
  ): Promise<Taken | NotTaken> {
    const { mirror, options, as } = this.#parts;
    const local: Local = (args, more) => mirror.local(args, signal, more);
    const relation = await relationOf(local, this.#memory?.taken, commit);
    // The branch has come back: the wait is over, whether or not this commit can be taken.
    if (this.#memory?.held !== undefined && (relation === 'same' || relation === 'ahead'))
      this.#remember({ ...this.#memory, held: undefined });
    const unsigned = await this.#unsigned(commit, signal);
    if (unsigned !== undefined) return { problems: [unsigned] };
    const memory = this.#memory;
    const now = options.clock.wall();
    const held = memory?.held;
    const judgement = judge({
      relation,
      head: commit,
      held,
      containsHeld: held !== undefined && (await isAncestor(local, held.sha, commit)),
      holdMs: options.holdMs,
      now,
    });
    if (judgement.kind === 'hold' && memory !== undefined) {
      this.#remember({ ...memory, held: judgement.held });
      return { problems: [heldText(name, commit, memory.taken, relation, judgement)] };
    }
    const read = await files();
    const since = relation === 'ahead' || relation === 'same' ? memory?.taken : undefined;
    const fresh = relation === 'same' ? [] : await approvalsOf(local, since, commit, options.limits.commits);
    if (!Array.isArray(fresh)) return { failed: fresh as GitResult };
    const trusted: Approved[] = [];
    for (const approval of fresh as Exclude<typeof fresh, GitResult>) {
      if ((await this.#unsigned(approval.commit, signal)) !== undefined) continue;
      for (const one of approval.names) trusted.push({ name: one, commit: approval.commit });
    }
    // What an earlier commit approved is the journal's to remember; after a restart this commit says it again.
    const approved = latest(relation === 'same' ? (memory?.approved ?? []) : trusted);
    if (relation !== 'same') this.#remember({ of: this.#parts.of, taken: commit, approved });
    if (relation !== 'same' && options.memoryFile !== undefined)
      await local(['update-ref', '--no-deref', '--end-of-options', as, commit]);
    this.#last = { files: read, commit: { sha: commit, allowDeletes: approved.map((one) => one.name) } };
    return this.#last;
  }

  /** Throws where it cannot be kept: then nothing was taken. */
  #remember(memory: GitMemory): void {
    const { memoryFile } = this.#parts.options;
    if (memoryFile === undefined) return;
    writeMemory(memoryFile, memory);
    this.#memory = memory;
  }

  /** A problem where commits must be signed and this one is not; each is checked until that is certain. */
  async #unsigned(commit: string, signal: AbortSignal): Promise<string | undefined> {
    const { options, mirror } = this.#parts;
    const { allowedSigners } = options;
    if (allowedSigners === undefined) return undefined;
    let signers: string;
    try {
      signers = createHash('sha256').update(readFileSync(allowedSigners)).digest('hex');
    } catch (error) {
      return `EK411 --git-allowed-signers: ${allowedSigners}: ${reason(error)}`;
    }
    const key = `${commit} ${signers}`;
    if (!this.#verdicts.has(key)) {
      const why = await signatureProblem(mirror, commit, allowedSigners, signal);
      // A disk in trouble looks the same; it is asked again.
      if (why === BROKEN_SIGNATURE) return unsignedText(commit, why);
      if (this.#verdicts.size > MOST_APPROVALS) this.#verdicts.clear();
      this.#verdicts.set(key, why);
    }
    const why = this.#verdicts.get(key);
    return why === undefined ? undefined : unsignedText(commit, why);
  }
}

function unsignedText(commit: string, why: string): string {
  return `EK411 commit ${commit.slice(0, 12)}: ${why}; nothing of it is taken`;
}

function latest(all: readonly Approved[]): readonly Approved[] {
  const byName = new Map<string, Approved>();
  for (const one of all) if (!byName.has(one.name)) byName.set(one.name, one);
  return [...byName.values()].slice(0, MOST_APPROVALS);
}

function heldText(
  name: string,
  commit: string,
  taken: string,
  relation: Relation,
  { untilMs }: Extract<Judgement, { kind: 'hold' }>,
): string {
  const [now, last] = [commit.slice(0, 12), taken.slice(0, 12)];
  const what =
    relation === 'behind'
      ? `${name} went back to ${now}, which is older than ${last} taken last`
      : `the history of ${name} was rewritten: ${now} does not contain ${last} taken last`;
  const contains = `until ${name} contains ${last}`;
  const until = untilMs === undefined ? contains : `until ${isoDate(untilMs)} or ${contains}`;
  const todo =
    untilMs === undefined ? `push a commit that contains ${last}` : 'nothing is to be done if it was meant';
  return `EK410 ${what}; ${now} is held back ${until}, and the wishes of ${last} stay so long; ${todo}`;
}
