export * from './socks5.ts'
