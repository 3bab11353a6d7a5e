/**
 * What an image says about the containers made from it, read from the engine's answer.
 */
import type { ImageDefaults } from '../../service/definition.ts';
import { joinWords } from './command.ts';

/** The engine leaves out or nulls what is empty, so everything is optional here. */
export interface ImageConfig {
  readonly Cmd?: readonly string[] | null | undefined;
  readonly Entrypoint?: string | readonly string[] | null | undefined;
  readonly Env?: readonly string[] | null | undefined;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null | undefined;
  readonly Volumes?: Readonly<Record<string, object>> | null | undefined;
}

export interface LocalImage {
  readonly id: string;
  readonly defaults: ImageDefaults;
  /** The arrays themselves: `defaults` has them as text. */
  readonly command: readonly string[];
  /** `repository@sha256:…`, as registries know it. */
  readonly digests: readonly string[];
  /** Paths of its VOLUMEs, sorted. */
  readonly volumes: readonly string[];
}

const PORT = /^(\d+)\/(tcp|udp)$/;

/** `KEY=value`, as the engine keeps them. */
export function readVariables(
  env: readonly string[] | null | undefined,
): readonly (readonly [string, string])[] {
  return (env ?? []).map((text) => {
    const at = text.indexOf('=');
    return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  });
}

export function readImage(
  id: string,
  config: ImageConfig | null,
  digests: readonly string[] | null | undefined,
): LocalImage {
  const command = config?.Cmd ?? [];
  const entrypoint = config?.Entrypoint ?? [];
  const ports = Object.keys(config?.ExposedPorts ?? {}).flatMap((key) => {
    const [, port, protocol] = PORT.exec(key) ?? [];
    if (port === undefined || (protocol !== 'tcp' && protocol !== 'udp')) return [];
    return [{ protocol, inner_port: Number(port) } as const];
  });
  const envvars = readVariables(config?.Env).map(([key, value]) => ({ key, value }));
  return {
    id,
    command,
    digests: digests ?? [],
    volumes: Object.keys(config?.Volumes ?? {}).sort(),
    defaults: {
      run_command: joinWords(command),
      entrypoint: typeof entrypoint === 'string' ? entrypoint : joinWords(entrypoint),
      ports: ports.sort((a, b) => a.inner_port - b.inner_port || a.protocol.localeCompare(b.protocol)),
      envvars,
    },
  };
}
