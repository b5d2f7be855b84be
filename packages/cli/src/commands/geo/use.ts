import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { writeDurably } from '@sallyport/catalog'
import { examples, jsonOption } from '../../input/options.ts'
import { stateDirectory } from '../../input/state-directory.ts'
import { printJson, printLine } from '../../output/print.ts'
import { writing } from '../../output/write-errors.ts'
import type { Answer } from '../answer.ts'
import { readMmdbFile } from './mmdb-file.ts'

export function geoUseCommand(answer: Answer): Command {
  return new Command('use')
    .description('go by a MaxMind DB of your own, or by the default data again')
    .argument('<file>', 'a MaxMind DB of countries or networks, or `default`')
    .addOption(jsonOption())
    .addHelpText('after', examples('sallyport geo use GeoLite2-ASN.mmdb', 'sallyport geo use default'))
    .action(async (file: string, options: { readonly json?: boolean }) => {
      const directory = join(stateDirectory(), 'geo')
      if (file === 'default') {
        const own = ['country.mmdb', 'asn.mmdb'].map((name) => join(directory, name))
        await writing(Promise.all(own.map((path) => rm(path, { force: true }))))
        if (options.json === true) printJson({ inUse: 'default' })
        else printLine('the default data is in use')
        return answer(0)
      }
      const { kind, type, builtMs } = readMmdbFile(file)
      await writing(writeDurably(directory, `${kind}.mmdb`, await readFile(file)))
      const built = new Date(builtMs).toISOString().slice(0, 10)
      if (options.json === true) printJson({ inUse: file, kind, type, built })
      else printLine(`${kind}: ${type} of ${built} is in use`)
      answer(0)
    })
}
