/** One scenario's own place: manifests, a state directory, a proxy in front of the shared server, and its processes. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/cli/system.ts';
import { stateDirFor } from '../../src/journal/statedir.ts';
import type { Tear } from '../../test/sim/disk.ts';
import type { Passage, Play } from '../../test/support/passage.ts';
import { type Running, start as startProgram } from '../../test/support/program.ts';
import { TcpProxy } from '../../test/support/proxy.ts';
import { disguised, kindOf } from './play.ts';
import { SECRET } from './put.ts';
import { type House, keyOf } from './town.ts';
import { PACE, Watch } from './watch.ts';

/** What is asked about each request on its way. */
export interface Script {
  play(passage: Passage): Play | Promise<Play>;
  answered?(passage: Passage): void;
  delivered?(passage: Passage): void;
}

export class Home {
  readonly house: House;
  readonly watch: Watch;
  readonly manifests: string;
  readonly #scratch: string;
  readonly #root: string;
  #proxy: TcpProxy | undefined;
  script: Script = { play: () => ({ do: 'pass' }) };
  /** The process that runs now, or ran last. */
  running: Running | undefined;
  /** Sizes of the journal as it was seen to grow; called at each change. */
  onJournal: (times: number) => void = () => {};
  readonly #sizes: number[] = [0];
  readonly #watcher: ReturnType<typeof watch>;
  readonly #journal: string;
  readonly outputs: string[] = [];
  processes = 0;

  private constructor(house: House, port: number, root: string) {
    this.#root = root;
    this.house = house;
    this.watch = new Watch(house);
    this.#scratch = mkdtempSync(join(tmpdir(), 'evenkeel-real-'));
    this.manifests = join(this.#scratch, 'fleet');
    mkdirSync(this.manifests);
    const state = stateDirFor(join(this.#scratch, 'state'), `http://127.0.0.1:${port}`, 'default');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    this.#journal = join(state, 'journal');
    this.#watcher = watch(state, (_, file) => {
      if (file !== 'journal') return;
      const size = statSync(this.#journal, { throwIfNoEntry: false })?.size ?? 0;
      if (size === this.#sizes.at(-1)) return;
      this.#sizes.push(size);
      this.onJournal(this.#sizes.length - 1);
    });
  }

  static async open(house: House, root: string): Promise<Home> {
    let home: Home | undefined;
    const proxy = await TcpProxy.open({
      target: { host: '127.0.0.1', port: house.hall.port },
      play: async (passage) => {
        home?.watch.arrived(passage);
        const play = (await home?.script.play(passage)) ?? { do: 'pass' };
        return disguised(play, house.odd);
      },
      answered: (passage) => home?.script.answered?.(passage),
      delivered: (passage) => {
        home?.watch.delivered(passage);
        // Whoever was to be met on the move has been met.
        if (kindOf(passage) === 'list') for (const release of house.held.splice(0)) release();
        home?.script.delivered?.(passage);
      },
    });
    home = new Home(house, proxy.port, root);
    home.#proxy = proxy;
    return home;
  }

  get requests(): number {
    return this.#proxy?.log.length ?? 0;
  }

  get log(): readonly Passage[] {
    return this.#proxy?.log ?? [];
  }

  write(name: string, text: string | undefined): void {
    const path = join(this.manifests, `${name}.yaml`);
    if (text === undefined) rmSync(path, { force: true });
    else writeFileSync(path, text);
  }

  start(argv: readonly string[]): Running {
    const [command = '', ...rest] = argv;
    this.processes += 1;
    this.watch.begin(command === 'plan');
    const { user } = this.house;
    this.running = startProgram([command, this.manifests, ...rest], {
      root: this.#root,
      env: {
        EVENKEEL_API_URL: this.#proxy?.url ?? '',
        TUTUM_USER: user,
        TUTUM_APIKEY: keyOf(user),
        EVENKEEL_STATE_DIR: join(this.#scratch, 'state'),
        EVENKEEL_RATE: `${PACE.rate}/s`,
        EVENKEEL_BURST: String(PACE.burst),
        EVENKEEL_PRUNE: 'owned',
        EVENKEEL_OWNER: 'default',
      },
    });
    return this.running;
  }

  kill(): void {
    this.running?.child.kill('SIGKILL');
  }

  /** Its end, with what it said kept for the search for secrets; a trace of a stack is a crash. */
  async ended(running: Running): Promise<number | null> {
    const exit = await running.ended;
    const said = running.stdout() + running.stderr();
    this.outputs.push(said);
    if (/\n {4}at |Unhandled|FATAL/.test(said)) this.house.fail(`crash: ${said.slice(0, 600)}`);
    return exit;
  }

  /** What a power cut would leave of the journal's last bytes; only where nothing can have depended on them. */
  async tear(tear: Tear, requests: number): Promise<void> {
    await systemClock.sleep(30);
    const [before = 0, after = 0] = this.#sizes.slice(-2);
    if (tear === 'kept' || this.requests !== requests || after <= before) return;
    truncateSync(this.#journal, tear === 'lost' ? before : before + Math.floor((after - before) / 2));
  }

  /** O10: keys and values in what was said or written. */
  searchSecrets(): void {
    const files = readdirSync(join(this.#scratch, 'state'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    for (const secret of [keyOf(this.house.user), SECRET]) {
      const forms = [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')];
      for (const text of [...this.outputs, ...files])
        if (forms.some((form) => text.includes(form))) this.house.fail(`O10: ${secret} was told`);
    }
  }

  settled(): Promise<void> {
    return this.#proxy?.settled() ?? Promise.resolve();
  }

  async close(): Promise<void> {
    this.kill();
    await this.running?.ended;
    this.#watcher.close();
    await this.#proxy?.close();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
