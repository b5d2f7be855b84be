#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Types are stripped and code is compiled once for each state of a file, beside the packages and as trusted as they are.
enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/sallyport'))

const { reportFailure } = await import('./failure.ts')
const { handleOutputErrors } = await import('./output/output-errors.ts')
const { runProgram } = await import('./program.ts')

// What stands behind `--` is the command line of another program.
const asJson = process.argv.slice(0, process.argv.indexOf('--') >>> 0).includes('--json')
handleOutputErrors(asJson)
try {
  process.exitCode = await runProgram(process.argv.slice(2))
} catch (error) {
  process.exitCode = reportFailure(error, asJson)
}
