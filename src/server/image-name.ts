/** Spellings of an image that the API answers with: always with a tag (`research/api.md` §1.5 row 15). */

/** Name and tag or digest, in the spelling that was given. */
export function splitImage(image: string): { readonly name: string; readonly tag: string } {
  const at = image.indexOf('@');
  if (at !== -1) return { name: image.slice(0, at), tag: image.slice(at + 1) };
  const colon = image.indexOf(':', image.lastIndexOf('/') + 1);
  return colon === -1
    ? { name: image, tag: 'latest' }
    : { name: image.slice(0, colon), tag: image.slice(colon + 1) };
}

export function imageName(image: string): string {
  if (image.includes('@')) return image;
  const { name, tag } = splitImage(image);
  return `${name}:${tag}`;
}

export function imageTag(image: string): string {
  const { name, tag } = splitImage(image);
  return `/api/v1/image/${name}/tag/${tag}/`;
}

/** The same image at another tag; a digest is dropped (`redeploy {"tag": …}`). */
export function withTag(image: string, tag: string): string {
  const { name } = splitImage(image);
  const repository = image.includes('@') ? splitImage(name).name : name;
  return `${repository}:${tag}`;
}
