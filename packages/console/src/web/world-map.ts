/// <reference lib="dom" />
import { html } from 'htm/preact/standalone'
import type { VNode } from 'preact'
import { get } from './api.ts'
import { count } from './format.ts'
import { Problem, useLoaded } from './load.ts'
import type { TopRow } from './overview-page.ts'

/** Outlines by country code, and the size of the picture that they lie in. */
type World = { readonly width: number; readonly height: number; readonly countries: Readonly<Record<string, string>> }

const STEPS = 5
const SWATCHES = [1, 2, 3, 4, 5]
const COUNTRY = new Intl.DisplayNames(['en'], { type: 'region' })

/** Countries by how many flows went there. What it shows, the list below says too. */
export function WorldMap({ since }: { readonly since: string }): VNode {
  const world = useLoaded(
    'world',
    async () => (await fetch(new URL('world.json', import.meta.url))).json() as Promise<World>,
  )
  const top = useLoaded(
    `map ${since}`,
    () => get<{ rows: TopRow[] }>('/top', { by: 'country', filter: `since:${since}`, limit: 300 }),
    ['stored'],
  )
  if (world.data === null || top.data === null) return html`<${Problem} error=${world.error ?? top.error} />`
  const flowsOf = new Map(top.data.rows.map(({ key, flows }) => [key, flows]))
  const most = Math.max(1, ...[...flowsOf].filter(([key]) => key !== '').map(([, flows]) => flows))
  const { width, height, countries } = world.data
  const small = [...flowsOf.keys()].filter((code) => code !== '' && countries[code] === undefined)
  const seen = [...flowsOf.keys()].filter((code) => code !== '')
  return html`<figure class="map">
    <svg
      viewBox="0 0 ${width} ${height}"
      role="img"
      aria-label=${`Map of flows to ${seen.length} countries: ${seen
        .slice(0, 10)
        .map((code) => `${nameOf(code)} ${count(flowsOf.get(code)!)}`)
        .join(', ')}`}
    >
      ${Object.entries(countries).map(([code, path]) => {
        const flows = flowsOf.get(code) ?? 0
        const lead = (): void =>
          void (location.hash = `#/flows/${encodeURIComponent(`country:${code} since:${since}`)}`)
        return html`<path d=${path} class=${`step-${step(flows, most)}`} onClick=${flows === 0 ? undefined : lead}>
          <title>${nameOf(code)}: ${count(flows)} flows</title>
        </path>`
      })}
    </svg>
    <figcaption class="small">
      ${
        seen.length === 0
          ? 'No flow has left for a country that is known. Private and local addresses belong to none.'
          : html`Flows to ${seen.length} countries:${' '}<span class="scale"
                >1
                ${SWATCHES.map((each) => html`<svg viewBox="0 0 2 1" class=${`step-${each}`} aria-hidden="true"><rect width="2" height="1" /></svg>`)}
                ${count(most)}</span
              >.`
      }
      ${small.length === 0 ? null : ` Too small to be drawn: ${small.map(nameOf).join(', ')}.`} ${' '}Outlines: Natural
      Earth.
    </figcaption>
  </figure>`
}

/** 0 without a flow, then by orders of magnitude up to the most. */
function step(flows: number, most: number): number {
  if (flows === 0) return 0
  return most === 1 ? STEPS : 1 + Math.round(((STEPS - 1) * Math.log(flows)) / Math.log(most))
}

function nameOf(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (COUNTRY.of(code) ?? code) : code
}
