/** What people do to a branch, by chance: commits good and bad, merges, rewinds, rewrites, and a branch that is deleted. */
import { chance, pick } from './chance.ts';
import type { Remote } from './git-remote.ts';
import { type Fleet, type Model, type Shape, Truth } from './git-truth.ts';

const NAMES = 10;

export class People {
  readonly #remote: Remote;
  readonly #seed: number;
  /** Which part of all commits nobody signed; undefined = nobody asks. */
  readonly #unsigned: number | undefined;
  readonly #truths = new Map<string, Truth>();
  #step = 0;
  commits = 0;
  /** Times that the branch did not move forward. */
  rewritten = 0;

  constructor(remote: Remote, seed: number, unsigned: number | undefined) {
    this.#remote = remote;
    this.#seed = seed;
    this.#unsigned = unsigned;
    const size = 1 + Math.floor(chance(seed, 'size') * 7);
    const fleet = new Map<string, Model>();
    for (let index = 0; index < size; index++) fleet.set(`s${index}`, this.#model(`s${index}`));
    this.#push(fleet, 'well', [], [], true);
  }

  /** What was meant by a commit. */
  truthOf(sha: string): Truth {
    const truth = this.#truths.get(sha);
    if (truth === undefined) throw new Error(`nobody made ${sha}`);
    return truth;
  }

  #luck(...words: readonly string[]): number {
    return chance(this.#seed, 'people', this.#step, ...words);
  }

  #model(name: string): Model {
    const luck = (what: string) => chance(this.#seed, name, this.#step, what);
    return {
      image: pick(['nginx:1', 'nginx:2', 'nginx:3', 'nginx:4'], this.#seed, name, this.#step, 'image'),
      target: pick([1, 2, 2, 3, 5, 0], this.#seed, name, this.#step, 'target'),
      up: luck('up') > 0.15,
      secret: luck('secret') < 0.2 ? `canary-${name}-${this.#step}` : undefined,
      replace: luck('replace') < 0.3,
    };
  }

  #push(
    fleet: Fleet,
    shape: Shape,
    parents: readonly string[],
    approves: readonly string[],
    signed: boolean,
  ) {
    const truth = new Truth(fleet, shape, signed || this.#unsigned === undefined);
    const sha = this.#remote.objects.write(truth.files(), parents, approves, signed);
    this.#truths.set(sha, truth);
    this.#remote.point(sha);
    this.commits += 1;
    return sha;
  }

  /** The latest place at which the branch was. */
  get #last(): string {
    return this.#remote.history.findLast((one) => one.head !== undefined)?.head ?? '';
  }

  /** One thing that somebody does. */
  act(step: number): void {
    this.#step = step;
    const how = pick(
      [
        'commit',
        'commit',
        'commit',
        'commit',
        'commit',
        'break',
        'shape',
        'rewind',
        'rewind',
        'rewrite',
        'merge',
        'delete',
        'forth',
      ] as const,
      this.#seed,
      step,
      'how',
    );
    const { objects } = this.#remote;
    const last = this.#last;
    const above = [...objects.ancestors(last)].sort(
      (a, b) => objects.commit(b).number - objects.commit(a).number,
    );
    const older = above[1 + Math.floor(this.#luck('how far') * 4)] ?? last;
    switch (how) {
      case 'rewind':
        this.rewritten += 1;
        this.#remote.point(older);
        break;
      case 'forth': {
        // Back to where it once was.
        const places = this.#remote.history.flatMap(({ head }) => head ?? []);
        this.#remote.point(pick(places, this.#seed, step, 'where'));
        break;
      }
      case 'rewrite':
        this.rewritten += 1;
        this.#edit(older, [older]);
        break;
      case 'merge':
        this.#edit(last, [last, this.#side(older)]);
        break;
      case 'delete':
        this.#remote.point(undefined);
        break;
      case 'shape': {
        const shape = pick(['no-directory', 'no-manifests', 'link'] as const, this.#seed, step, 'shape');
        this.#push(this.truthOf(last).fleet, shape, [last], [], this.#signed);
        break;
      }
      default:
        this.#edit(last, [last], how === 'break');
    }
  }

  get #signed(): boolean {
    return this.#luck('signed') >= (this.#unsigned ?? 0);
  }

  /** A commit that only a merge brings. */
  #side(parent: string): string {
    const { fleet, shape } = this.truthOf(parent);
    const truth = new Truth(fleet, shape, true);
    const sha = this.#remote.objects.write(truth.files(), [parent], [], true);
    this.#truths.set(sha, truth);
    return sha;
  }

  #edit(from: string, parents: readonly string[], breaks = false): void {
    const fleet = new Map(this.truthOf(from).fleet);
    const approves: string[] = [];
    const times = 1 + Math.floor(this.#luck('times') * 3);
    for (let one = 0; one < times; one++) {
      const name = `s${Math.floor(this.#luck('whom', String(one)) * NAMES)}`;
      const how = this.#luck('what', String(one));
      if (breaks) fleet.set(name, how < 0.5 ? 'broken' : 'cut');
      else if (how < 0.3) {
        fleet.delete(name);
        if (how < 0.15) approves.push(name);
      } else fleet.set(name, this.#model(name));
    }
    // Most of what is broken is mended with the next commit.
    if (!breaks && this.#luck('mended') < 0.7)
      for (const [name, model] of fleet) if (typeof model === 'string') fleet.set(name, this.#model(name));
    this.#push(fleet, 'well', parents, approves, this.#signed);
  }

  /** Everything is mended: the branch is there, and its newest commit is sound. */
  mend(step: number): string {
    this.#step = step;
    const last = this.#last;
    const truth = this.truthOf(last);
    if (truth.sound) {
      if (this.#remote.head === undefined) this.#remote.point(last);
      return last;
    }
    const fleet = new Map(truth.fleet);
    fleet.set('s0', this.#model('s0'));
    for (const [name, model] of fleet) if (typeof model === 'string') fleet.set(name, this.#model(name));
    return this.#push(fleet, 'well', [last], [], true);
  }
}
