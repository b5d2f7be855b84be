import { Command } from 'commander'
import { openGeography, type GeoSource } from '@sallyport/catalog'
import { examples, jsonOption } from '../../input/options.ts'
import { readableStates } from '../../input/state-directory.ts'
import { note, printJson, printLine } from '../../output/print.ts'
import { printable } from '../../output/style.ts'
import type { Answer } from '../answer.ts'

const DAY_MS = 86_400_000

export function geoSourcesCommand(answer: Answer): Command {
  return new Command('sources')
    .description('the data in use: from whom, of which day')
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport geo sources'))
    .action((options: { readonly json?: boolean }) => {
      const sources = openGeography(readableStates('geo'), note).sources()
      if (options.json === true) printJson(sources.map(sourceFacts))
      else for (const source of sources) printLine(sourceLine(source))
      answer(0)
    })
}

export function sourceFacts({ kind, title, files, builtMs, attribution }: GeoSource): object {
  return {
    kind,
    title,
    built: new Date(builtMs).toISOString().slice(0, 10),
    ageDays: ageDays(builtMs),
    attribution,
    files,
  }
}

export function sourceLine({ kind, title, builtMs, attribution }: GeoSource): string {
  const day = new Date(builtMs).toISOString().slice(0, 10)
  return `${kind}: ${printable(title)}, of ${day} (${ageDays(builtMs)} days old); ${attribution}`
}

function ageDays(builtMs: number): number {
  return Math.max(0, Math.floor((Date.now() - builtMs) / DAY_MS))
}
