/**
 * Output formats by name: one pure function each. A new format is one file and one line here.
 */
import type { Plan } from '../service/plan.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import type { RenderOptions } from './options.ts';
import { renderText } from './text.ts';

export type Render = (plan: Plan, options: RenderOptions) => string;

export const RENDERERS = {
  text: renderText,
  json: renderJson,
  markdown: renderMarkdown,
} as const satisfies Readonly<Record<string, Render>>;

export type Format = keyof typeof RENDERERS;

export function isFormat(text: string): text is Format {
  return Object.hasOwn(RENDERERS, text);
}
