export * from './socks5.ts'
export * from './socks5-client.ts'
