import { join } from 'node:path'
import { Command } from 'commander'
import { SallyportError } from '@sallyport/policy'
import { carryState } from '@sallyport/store'
import { ask } from '../input/host-socket.ts'
import { stateOption, stateStoreOption } from '../input/state-options.ts'
import { examples, jsonOption } from '../input/options.ts'
import { printJson, printLine } from '../output/print.ts'

type Options = { readonly state: string; readonly stateStore?: string; readonly json?: boolean }

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('carry policies, users, alerts and settings over from state.db to PostgreSQL')
    .addOption(stateOption())
    .addOption(stateStoreOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples("sallyport migrate --state-store 'postgres://sallyport@db.example/sallyport?schema=web1'"),
    )
    .action(async ({ state, stateStore, json }: Options) => {
      if (stateStore === undefined) throw new SallyportError('usage', 'say where to: --state-store URL')
      await refuseWhileGuarded(state)
      const carried = await carryState(join(state, 'state.db'), stateStore)
      if (json === true) return printJson(carried)
      printLine(carried.already ? 'It was carried over before:' : 'Carried over:')
      for (const [table, count] of Object.entries(carried.rows)) printLine(`${String(count).padStart(8)}  ${table}`)
    })
}

/** What a host that goes on writes to the file would stay behind. */
async function refuseWhileGuarded(state: string): Promise<void> {
  try {
    await ask(state, '/status')
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'host-not-running') return
    throw error
  }
  throw new SallyportError('usage', `a host is guarded from ${state}, and goes on changing its state`, {
    remedy: 'Stop it first, and start it with --state-store afterwards.',
  })
}
