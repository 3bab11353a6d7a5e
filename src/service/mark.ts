/**
 * The ownership mark: `EVENKEEL_OWNER=<owner>/<name>/<attempt>`, sent inside the create request (design §6).
 *
 * It is an environment variable, or a label where `labels` is offered. It counts only if `<name>` is the service's
 * own name, so a copied environment list does not make a service ours.
 */
export const MARK_KEY = 'EVENKEEL_OWNER';

export const OWNER_PATTERN = /^[a-z0-9-]{1,63}$/;

export interface Mark {
  readonly owner: string;
  readonly name: string;
  /** Tells whether a service that appeared is the one we asked for. */
  readonly attempt: string;
  /** Which list carries it; it goes along in every PATCH of that list. */
  readonly in: 'container_envvars' | 'labels';
}

export function formatMark(mark: Pick<Mark, 'owner' | 'name' | 'attempt'>): string {
  return `${mark.owner}/${mark.name}/${mark.attempt}`;
}

/** Reads a mark; undefined when it is malformed or names another service than `serviceName`. */
export function parseMark(text: string, serviceName: string, where: Mark['in']): Mark | undefined {
  const [owner, name, attempt, ...rest] = text.split('/');
  if (owner === undefined || name === undefined || attempt === undefined || rest.length > 0) return undefined;
  if (!OWNER_PATTERN.test(owner) || name !== serviceName || attempt === '') return undefined;
  return { owner, name, attempt, in: where };
}
