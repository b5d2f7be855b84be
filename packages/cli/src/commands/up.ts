import { Command } from 'commander'
import { formatHostMetrics, hostGuarding, MAKE_WAY } from '@sallyport/agent'
import { formatMetrics } from '@sallyport/dns'
import { addGuardedOptions, type GuardedOptions } from '../input/guarded-options.ts'
import { examples } from '../input/options.ts'
import { guardedService } from '../input/guarded-service.ts'
import { serveGuarded, tell } from '../serve-guarded.ts'
import { guardSignal } from '../guard-signal.ts'

type Options = GuardedOptions & { readonly cgroup?: string }

export function upCommand(): Command {
  return addGuardedOptions(new Command('up'))
    .description('guard this host: everything that leaves is seen; nothing is stopped unless told')
    .option('--cgroup <path>', 'guard the processes of this cgroup instead of the whole host')
    .addHelpText(
      'after',
      examples(
        'sallyport up',
        'sallyport up --policy policy.yaml --mode enforce',
        "sallyport up --state-store 'postgres://sallyport@db.example/sallyport?schema=web1'",
      ),
    )
    .action(async (options: Options) => up(options))
}

async function up(options: Options): Promise<void> {
  const stopped = guardSignal()
  const guarding = hostGuarding(options.cgroup ?? null, guardedService(options.upstream), tell)
  const metricsText = (): string => {
    const all = guarding.statistics()
    return all === null ? '' : formatHostMetrics(all) + formatMetrics(all.dns)
  }
  await serveGuarded(options, guarding, stopped, metricsText)
  // What enforces is still attached, and would hold this process up.
  if (stopped.reason === MAKE_WAY) process.exit()
}
