/** What is tried by other tests, and where. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'setuid programs, and namespaces of users, processes and cgroups': 'test/e2e/evasions.test.ts',
  'raw sockets, source routes, marks and transparent proxies, call by call': 'packages/kernel/test/evasions.test.ts',
  'forged sources, fragments without a first, IP options, stray ICMP errors': 'test/lab/gateway.test.ts',
  'the agent and the gateway killed while they enforce': 'test/e2e/up.test.ts',
  'addresses past their time, aliases, several names on one address': 'test/e2e/bindings.test.ts',
  'hello messages in any pieces and records, with doubled and malformed names':
    'packages/wire/test/identify/identify.test.ts',
  'NUL, brackets and other host names that are none, given to the proxy':
    'packages/proxy/test/hostile/requests.fixture.ts',
  'which process a connection is of': 'packages/kernel/test/decisions.test.ts',
}
