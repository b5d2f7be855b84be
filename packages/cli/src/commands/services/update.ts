import { join } from 'node:path'
import { Command, Option } from 'commander'
import {
  fetchDocument,
  importVendor,
  readImported,
  VENDORS,
  writeImported,
  type ImportedServices,
} from '@sallyport/catalog'
import { SallyportError } from '@sallyport/policy'
import { examples, jsonOption } from '../../input/options.ts'
import { readTextFile } from '../../input/read-text-file.ts'
import { stateDirectory } from '../../input/state-directory.ts'
import { note, printJson, printLine } from '../../output/print.ts'
import { printable } from '../../output/style.ts'
import { writing } from '../../output/write-errors.ts'
import type { Answer } from '../answer.ts'

type Options = { readonly store?: string; readonly accept?: boolean; readonly json?: boolean }
type Wanted = { readonly vendor: string; readonly location: string | null }
type Result = {
  readonly vendor: string
  readonly failure: string | null
  readonly services: number
  readonly ranges: number
  readonly leftOut: ImportedServices['leftOut']
}

const MAX_DOCUMENT_BYTES = 64 * 2 ** 20
/** A vendor's ranges change by a few at a time; half of them gone is somebody's mistake. */
const LEAST_SHARE = 0.5

/** Azure's tags are behind a page, at an address that changes every week. */
const BY_FILE_ONLY: readonly string[] = ['azure']

export function servicesUpdateCommand(answer: Answer): Command {
  return new Command('update')
    .description('import what vendors publish of their own services')
    .argument(
      '[vendor...]',
      'VENDOR, or VENDOR=FILE or VENDOR=URL with another place of the document; all unless given',
    )
    .addOption(new Option('--store <dir>', 'directory of the imports'))
    .option('--accept', 'take a document with less than half of the ranges that are known too')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('sallyport services update', 'sallyport services update microsoft aws=ip-ranges.json'),
    )
    .action(async (vendors: readonly string[], options: Options) => {
      const results: Result[] = []
      for (const each of wantedVendors(vendors)) {
        const result = await update(each, options)
        results.push(result)
        if (options.json !== true) describe(result)
      }
      if (options.json === true) printJson(results)
      answer(results.some(({ failure }) => failure !== null) ? 1 : 0)
    })
}

function wantedVendors(given: readonly string[]): readonly Wanted[] {
  if (given.length === 0) {
    return Object.keys(VENDORS)
      .filter((vendor) => !BY_FILE_ONLY.includes(vendor))
      .map((vendor) => ({ vendor, location: null }))
  }
  return given.map((text) => {
    const equals = text.indexOf('=')
    const vendor = equals < 0 ? text : text.slice(0, equals)
    if (!Object.hasOwn(VENDORS, vendor)) {
      throw new SallyportError('name-unknown', `there is no vendor ${vendor}`, {
        remedy: `Vendors: ${Object.keys(VENDORS).join(', ')}.`,
      })
    }
    if (equals < 0 && BY_FILE_ONLY.includes(vendor)) {
      throw new SallyportError('usage', `${vendor} has no address of its own`, {
        remedy: `Fetch it from ${VENDORS[vendor]!.source} and give ${vendor}=FILE.`,
      })
    }
    return { vendor, location: equals < 0 ? null : text.slice(equals + 1) }
  })
}

async function update({ vendor, location }: Wanted, options: Options): Promise<Result> {
  const source = location ?? VENDORS[vendor]!.source
  const directory = options.store ?? join(stateDirectory(), 'services')
  const failed = (failure: string): Result => ({ vendor, failure, services: 0, ranges: 0, leftOut: [] })
  const document = await readDocument(source)
  if ('failure' in document) return failed(document.failure)
  const imported = importVendor(vendor, document.text)
  if ('invalid' in imported) return failed(imported.invalid)
  const { services, leftOut } = imported
  const known = (await readImported([directory])).find((each) => each.vendor === vendor)
  const [before, ranges] = [rangesOf(known?.services ?? {}), rangesOf(services)]
  if (ranges < before * LEAST_SHARE && options.accept !== true) {
    return failed(`shrank from ${before} to ${ranges} ranges; take it with --accept`)
  }
  await writing(writeImported(directory, { version: 2, vendor, source, fetchedMs: Date.now(), services }))
  return { vendor, failure: null, services: Object.keys(services).length, ranges, leftOut }
}

async function readDocument(source: string): Promise<{ readonly text: string } | { readonly failure: string }> {
  if (!/^https?:\/\//.test(source)) return { text: await readTextFile(source, MAX_DOCUMENT_BYTES) }
  if (process.stderr.isTTY) note(printable(source))
  const fetched = await fetchDocument(source)
  if (fetched.kind === 'document') return { text: Buffer.from(fetched.bytes).toString('utf8') }
  return { failure: fetched.kind === 'failed' ? fetched.reason : 'unchanged' }
}

function rangesOf(services: ImportedServices['services']): number {
  const facts = Object.values(services).flat()
  return new Set(facts.flatMap(({ prefixes }) => prefixes)).size
}

function describe({ vendor, failure, services, ranges, leftOut }: Result): void {
  if (failure !== null) return printLine(`${vendor}: failed: ${printable(failure)}; what was imported before stays`)
  const more = leftOut.length === 0 ? '' : `; ${leftOut.length} entries left out`
  printLine(`${vendor}: ${services} services, ${ranges} ranges${more}`)
  for (const { service, entry, reason } of leftOut.slice(0, 5))
    printLine(`  ${service}: ${printable(entry)}: ${reason}`)
  if (leftOut.length > 5) printLine('  … more with --json')
}
