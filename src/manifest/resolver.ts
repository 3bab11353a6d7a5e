/**
 * Where `${VAR}` and `value_from` get their values: the environment and the secrets directory, both handed in.
 *
 * The controller's own credentials are never given to a manifest, whatever else is allowed (design §5).
 */
export type SecretText =
  | { readonly ok: true; readonly text: string }
  /** Why not, without any of the file's content. */
  | { readonly ok: false; readonly error: string };

export interface Resolver {
  env(name: string): string | undefined;
  /** `path` as written in the manifest. */
  file(path: string): SecretText;
  /** Why `env` gives out nothing under this name, whether it is set or not. */
  denies(name: string): string | undefined;
  /** Resolves nothing and is not expected to (`validate`). */
  readonly offline: boolean;
}

/** For `validate`: everything is unset, which is fine; forms are still checked. */
export const OFFLINE: Resolver = {
  env: () => undefined,
  file: () => ({ ok: false, error: 'not read' }),
  denies: () => undefined,
  offline: true,
};

export interface ResolverOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Patterns with `*`; only names that match one are given out. Undefined = all but the reserved ones. */
  readonly allow?: readonly string[] | undefined;
  /** Reads under the secrets directory; undefined = there is none. */
  readonly file?: ((path: string) => SecretText) | undefined;
}

const RESERVED = /^(?:TUTUM|EVENKEEL|DOCKERCLOUD)_/i;

export function createResolver({ env, allow, file }: ResolverOptions): Resolver {
  const patterns = allow?.map(globPattern);
  const denies = (name: string) => {
    if (RESERVED.test(name))
      return 'names that start with TUTUM_, EVENKEEL_ or DOCKERCLOUD_ are never given to manifests';
    if (patterns !== undefined && !patterns.some((pattern) => pattern.test(name)))
      return 'it matches no --env-allow pattern';
    return undefined;
  };
  return {
    env: (name) => (denies(name) === undefined && Object.hasOwn(env, name) ? env[name] : undefined),
    file: file ?? (() => ({ ok: false, error: 'there is no --secrets-dir' })),
    denies,
    offline: false,
  };
}

function globPattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
