/**
 * The command line: which commands there are, how their flags are read, what a wrong one leads to. Parses nothing
 * itself (commander) and exits never: the result is an exit code.
 */
import { Command, CommanderError, Option } from 'commander';
import type { Io } from './io.ts';
import { report } from './report.ts';
import { type Key, ROWS } from './rows.ts';
import { Secrets } from './secrets.ts';
import type { Flags } from './settings.ts';
import { version } from './version.ts';

/** One command, as one file of this folder declares it. */
export interface CommandSpec {
  readonly name: string;
  readonly alias?: string;
  /** Not in the list of commands. */
  readonly hidden?: true;
  /** `<path...>` and the like, as commander declares arguments. */
  readonly args: string;
  readonly summary: string;
  readonly keys: readonly Key[];
  /** A line that can be pasted, and what comes of it. */
  readonly example: string;
  run(call: Call): Promise<number>;
}

/** What a command is called with. */
export interface Call {
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly io: Io;
  readonly secrets: Secrets;
}

const EXIT_CODES = `
Exit codes:
  0  nothing to do, or converged          4  something is blocked, or a delete is refused
  1  failed before the first write        5  apply: not all of it ended as planned
  2  plan: there are changes              6  apply: the deadline passed
  3  manifests or settings are invalid    130, 143  stopped by a signal

Credentials come from TUTUM_USER and TUTUM_APIKEY, TUTUM_AUTH, ~/.tutum or EVENKEEL_API_KEY_FILE.
`;

/** Runs one call. Never throws. */
export async function runProgram(
  argv: readonly string[],
  specs: readonly CommandSpec[],
  io: Io,
): Promise<number> {
  const secrets = new Secrets();
  let code = 0;
  const program = dressed(new Command('evenkeel'), io)
    .description(
      'Brings the services of a Tutum-style service API to what manifests say, and serves that API.',
    )
    .version(version())
    .addHelpText('after', EXIT_CODES);
  for (const spec of specs) {
    const command = dressed(
      program.command(`${spec.name} ${spec.args}`.trim(), { hidden: spec.hidden === true }),
      io,
    )
      .description(spec.summary)
      .addHelpText('after', `\nExample:\n  ${spec.example.split('\n').join('\n  ')}\n`);
    if (spec.alias !== undefined) command.alias(spec.alias);
    for (const key of spec.keys) command.addOption(option(key));
    command.action(async () => {
      code = await spec.run({ args: command.args, flags: command.opts<Flags>(), io, secrets });
    });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // Help and version are no mistake; what commander had to say it has said.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 3;
    return report(error, io, secrets);
  }
}

function dressed(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .allowExcessArguments(false)
    .showHelpAfterError('(evenkeel --help and evenkeel COMMAND --help say more)')
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function option(key: Key): Option {
  const row = ROWS[key];
  // Defaults are shown but left to settings(): a default that commander fills in would look like a flag.
  const shown = 'default' in row && row.default !== 'false' ? ` (default: ${row.default})` : '';
  return new Option(row.flag, row.help + shown);
}
