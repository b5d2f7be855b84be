import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { OWN_FILES, writeDurably } from '@sallyport/catalog'
import { examples, jsonOption } from '../../input/options.ts'
import { stateDirectory } from '../../input/state-directory.ts'
import { printJson, printLine } from '../../output/print.ts'
import { writing } from '../../output/write-errors.ts'
import type { Answer } from '../answer.ts'
import { readGeoFile } from './geo-file.ts'

export function geoUseCommand(answer: Answer): Command {
  return new Command('use')
    .description('go by data of your own, or by the default data again')
    .argument('<file...>', 'a MaxMind DB of countries or networks, lines of first,last,country, or `default`')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'sallyport geo use GeoLite2-ASN.mmdb',
        'sallyport geo use /usr/share/tor/geoip /usr/share/tor/geoip6',
        'sallyport geo use default',
      ),
    )
    .action(async (files: readonly string[], options: { readonly json?: boolean }) => {
      const directory = join(stateDirectory(), 'geo')
      if (files.length === 1 && files[0] === 'default') {
        await removeFiles(directory, OWN_FILES)
        if (options.json === true) printJson({ inUse: 'default' })
        else printLine('the default data is in use')
        return answer(0)
      }
      const { kind, type, form, bytes, builtMs, attribution } = readGeoFile(files)
      await writing(writeDurably(directory, `${kind}.${form}`, bytes))
      await removeFiles(directory, kind === 'country' ? [form === 'csv' ? 'country.mmdb' : 'country.csv'] : [])
      const built = new Date(builtMs).toISOString().slice(0, 10)
      if (options.json === true) printJson({ inUse: files, kind, type, built, attribution })
      else printLine(`${kind}: ${type} of ${built} is in use (${attribution})`)
      answer(0)
    })
}

async function removeFiles(directory: string, names: readonly string[]): Promise<void> {
  await writing(Promise.all(names.map((name) => rm(join(directory, name), { force: true }))))
}
