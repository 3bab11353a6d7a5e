/**
 * Image names in docker's form, brought to one spelling so that `nginx` and `docker.io/library/nginx:latest` compare
 * equal (`research/api.md` §1.5 row 15: the API answers always with a tag).
 */
export function normalizeImage(image: string): string {
  const [nameAndTag = '', digest] = split(image, '@');
  const slash = nameAndTag.lastIndexOf('/');
  const colon = nameAndTag.indexOf(':', slash + 1);
  const name = colon === -1 ? nameAndTag : nameAndTag.slice(0, colon);
  const tag = colon === -1 ? undefined : nameAndTag.slice(colon + 1);
  const short = name.replace(/^(?:(?:index\.|registry-1\.)?docker\.io)\//, '').replace(/^library\//, '');
  if (digest !== undefined) return `${short}@${digest}`;
  return `${short}:${tag ?? 'latest'}`;
}

function split(text: string, at: string): [string, string | undefined] {
  const index = text.indexOf(at);
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

/** The reference's default for `name`: the image without registry, namespace and tag. */
export function nameFromImage(image: string): string {
  const [nameAndTag = ''] = split(image, '@');
  const last = nameAndTag.slice(nameAndTag.lastIndexOf('/') + 1);
  return split(last, ':')[0];
}
