import { Command } from 'commander'
import type { Answer } from './answer.ts'
import { geoCompareCommand } from './geo/compare.ts'
import { geoLookupCommand } from './geo/lookup.ts'
import { geoSourcesCommand } from './geo/sources.ts'
import { geoUseCommand } from './geo/use.ts'

export function geoCommand(answer: Answer): Command {
  return new Command('geo')
    .description('countries and networks of addresses: what policies go by, from which data, how old')
    .addCommand(geoLookupCommand(answer))
    .addCommand(geoSourcesCommand(answer))
    .addCommand(geoCompareCommand(answer))
    .addCommand(geoUseCommand(answer))
}
