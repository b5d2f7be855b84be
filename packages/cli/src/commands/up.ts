import { Command, Option } from 'commander'
import { hostGuarding } from '@sallyport/agent'
import { stateOption, stateStoreOption } from '../input/host-socket.ts'
import { examples, feedOption, jsonOption, keepDaysOption, repeatable } from '../input/options.ts'
import { guardedService } from '../input/guarded-service.ts'
import { serveGuarded, stopSignal, tell, type GuardedOptions } from '../serve-guarded.ts'

type Options = GuardedOptions & { readonly upstream: readonly string[]; readonly cgroup?: string }

export function upCommand(): Command {
  return new Command('up')
    .description('guard this host: everything that leaves is seen; nothing is stopped unless told')
    .addOption(repeatable('--policy <file>', 'a policy file to apply at the start; several are layers'))
    .addOption(
      new Option('--mode <mode>', 'only watch, or enforce; as last applied, at first monitor').choices([
        'monitor',
        'enforce',
      ]),
    )
    .option('--report <file>', 'write every flow and its verdict as JSON Lines, too')
    .option('--listen <address:port>', 'where the console and the API answer, on loopback', '127.0.0.1:7117')
    .option('--oidc <file>', 'sign in to the console with an identity provider, as the file says')
    .option('--no-console', 'neither console nor API; flows wait in the spool')
    .addOption(
      repeatable('--alerts-to <target>', 'send alerts there: a URL of https, syslog+tls, otlp+https, smtp; or @FILE'),
    )
    .addOption(repeatable('--flows-to <target>', 'send flows there, as they are stored'))
    .option('--store <url>', 'store flows on a ClickHouse server; or @FILE with its URL')
    .addOption(keepDaysOption())
    .addOption(feedOption())
    .addOption(
      repeatable('--upstream <server>', 'a DNS server to ask, or DOMAIN=SERVER, in place of the policy and this host'),
    )
    .option('--cgroup <path>', 'guard the processes of this cgroup instead of the whole host')
    .addOption(stateOption())
    .addOption(stateStoreOption())
    .addOption(jsonOption())
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
  const stopped = stopSignal()
  const guarding = hostGuarding(options.cgroup ?? null, guardedService(options.upstream), tell)
  await serveGuarded(options, guarding, stopped)
}
