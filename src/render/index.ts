/**
 * Output formats by name: one pure function each. A new format is one file and one line here.
 */
import type { Plan } from '../service/plan.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import type { RenderOptions } from './options.ts';
import { renderText } from './text.ts';

export type Render = (plan: Plan, options: RenderOptions) => string;

export type Format = 'text' | 'json' | 'markdown';

export const RENDERERS: Readonly<Record<Format, Render>> = {
  text: renderText,
  json: renderJson,
  markdown: renderMarkdown,
};
