/** A kind of site, with names that are known to be of it and where that is said. */
type Category = { readonly title: string; readonly domains: readonly string[]; readonly source: string }

/** Lists of more names are feeds; a policy brings them along. */
export const CATEGORIES: Readonly<Record<string, Category>> = {
  'dns-over-https': category(
    'Public DNS over HTTPS and TLS',
    `dns.google dns64.dns.google cloudflare-dns.com .cloudflare-dns.com one.one.one.one 1dot1dot1dot1.cloudflare-dns.com
     .cloudflare-gateway.com dns.quad9.net dns9.quad9.net dns10.quad9.net dns11.quad9.net .dns.nextdns.io dns.nextdns.io
     doh.opendns.com dns.opendns.com doh.familyshield.opendns.com doh.umbrella.com dns.umbrella.com dns.adguard-dns.com
     unfiltered.adguard-dns.com family.adguard-dns.com .d.adguard-dns.com dns.adguard.com dns-family.adguard.com
     doh.cleanbrowsing.org .dns.controld.com freedns.controld.com dns.controld.com doh.mullvad.net dns.mullvad.net
     adblock.dns.mullvad.net base.dns.mullvad.net extended.dns.mullvad.net family.dns.mullvad.net all.dns.mullvad.net
     dns.digitale-gesellschaft.ch dns1.digitale-gesellschaft.ch dns2.digitale-gesellschaft.ch doh.dns.sb dns.sb
     doh.applied-privacy.net doh.ffmuc.net doh.libredns.gr doh.pub dot.pub dns.alidns.com doh.360.cn dns.twnic.tw
     public.dns.iij.jp doh.xfinity.com mozilla.cloudflare-dns.com firefox.dns.nextdns.io chrome.cloudflare-dns.com
     odvr.nic.cz doh.dnslify.com dns0.eu .dns0.eu zero.dns0.eu kids.dns0.eu unicast.uncensoreddns.org
     anycast.uncensoreddns.org doh.tiar.app dns.rubyfish.cn doh.la.ahadns.net wikimedia-dns.org dns.switch.ch
     ordns.he.net doh.seby.io jp.tiar.app dns.njal.la .dnswarden.com dnsforge.de doh.cira.ca private.canadianshield.cira.ca
     protected.canadianshield.cira.ca family.canadianshield.cira.ca common.dot.dns.yandex.net safe.dot.dns.yandex.net`,
    'https://github.com/curl/curl/wiki/DNS-over-HTTPS',
  ),
  vpn: category(
    'VPN providers',
    `.nordvpn.com .nordcdn.com .expressvpn.com .protonvpn.com .protonvpn.ch .surfshark.com .mullvad.net .cyberghostvpn.com
     .privateinternetaccess.com .ipvanish.com .tunnelbear.com .windscribe.com .hide.me .hotspotshield.com .purevpn.com
     .vyprvpn.com .ivpn.net .airvpn.org .torguard.net .perfect-privacy.com .ovpn.com .azirevpn.com .privatevpn.com
     .strongvpn.com .atlasvpn.com .zenmate.com .hola.org .psiphon.ca .psiphon3.com .getlantern.org .ultrasurf.us
     .opera-proxy.net .sec-tunnel.com .urban-vpn.com .vpngate.net .softether.org .astrill.com .speedify.com .vpnunlimited.com
     .keepsolid.com .browsec.com .goosevpn.com .safervpn.com .vpn.ac .cactusvpn.com .trust.zone .fastestvpn.com`,
    'The names of each provider, from its own site',
  ),
  tor: category(
    'Tor and its bridges',
    `.torproject.org .torproject.net .onion.to .onion.ws .onion.ly .onion.pet .onion.cab .onion.city .onion.direct .onion.link
     .onion.sh .tor2web.org .tor2web.io .tor2web.fi .torstatus.rueckgr.at snowflake-broker.torproject.net .bridges.torproject.org
     .tails.net .tails.boum.org .whonix.org`,
    'https://support.torproject.org',
  ),
  'url-shortener': category(
    'URL shorteners',
    `.bit.ly .bitly.com .tinyurl.com .t.co .goo.gl .ow.ly .is.gd .v.gd .buff.ly .rebrand.ly .cutt.ly .t.ly .shorturl.at
     .rb.gy .tiny.cc .bl.ink .short.io .soo.gd .s.id .adf.ly .ouo.io .shorte.st .bc.vc .clck.ru .qrco.de .lnkd.in .dlvr.it
     .trib.al .snip.ly .po.st .urlz.fr .u.to .0rz.tw .reurl.cc .ppt.cc .shorturl.asia .tr.im .x.co .mcaf.ee .budurl.com
     .cli.gs .yourls.org .hyperurl.co .lnk.to .l.ead.me .linktr.ee .dub.sh .dub.co .kutt.it .zws.im`,
    'The names of each shortener, from its own site',
  ),
  'file-sharing': category(
    'File sharing and transfer',
    `.wetransfer.com .we.tl .mega.nz .mega.io .mega.co.nz .mediafire.com .4shared.com .zippyshare.com .uploaded.net .rapidgator.net
     .nitroflare.com .turbobit.net .filefactory.com .sendspace.com .file.io .gofile.io .anonfiles.com .bayfiles.com .pixeldrain.com
     .transfer.sh .0x0.st .catbox.moe .litterbox.catbox.moe .tmpfiles.org .temp.sh .filebin.net .send-anywhere.com .smash.com
     .fromsmash.com .filemail.com .transfernow.net .hightail.com .uploadfiles.io .ufile.io .workupload.com .krakenfiles.com
     .dropmefiles.com .sendgb.com .swisstransfer.com .wormhole.app .pcloud.com .sync.com .icedrive.net .terabox.com .1fichier.com
     .uptobox.com .ddownload.com .katfile.com .hexupload.net .k2s.cc .keep2share.cc .filedn.com .bashupload.com .oshi.at
     .put.io .seedr.cc .storj.io .upload.ee`,
    'The names of each service, from its own site',
  ),
  paste: category(
    'Pastebins',
    `.pastebin.com .paste.ee .hastebin.com  .dpaste.com .dpaste.org .ghostbin.com .ghostbin.co
     .controlc.com .justpaste.it .rentry.co .rentry.org .privatebin.net .privatebin.info .0bin.net .cryptbin.com .zerobin.net
     .ix.io .sprunge.us .termbin.com .paste.rs .paste.debian.net .paste.ubuntu.com .pastes.io .pastie.org .pastelink.net
     .nekobin.com .bpa.st .paste.centos.org .paste.mozilla.org .fpaste.org .p.ip.fi .textbin.net .ideone.com .snippet.host
     .telegra.ph .write.as .txt.fyi .pastefs.com .katb.in .codepad.org .slexy.org .heypasteit.com .throwbin.io`,
    'The names of each service, from its own site',
  ),
  'dynamic-dns': category(
    'Dynamic DNS',
    `.duckdns.org .no-ip.com .no-ip.org .no-ip.biz .noip.com .ddns.net .hopto.org .zapto.org .sytes.net .serveftp.com
     .servehttp.com .myftp.org .myftp.biz .myvnc.com .redirectme.net .bounceme.net .gotdns.ch .dyndns.org .dyndns.com .dynu.net
     .dynu.com .freedns.afraid.org .afraid.org .mooo.com .chickenkiller.com .crabdance.com .strangled.net .twilightparadox.com
     .changeip.com .changeip.net .changeip.org .dynv6.net .dynv6.com .ydns.eu .nsupdate.info .dnsdynamic.org .dy.fi .spdns.de
     .spdns.org .selfhost.eu .selfhost.me .ddnss.de .dynamic-dns.net .dnsexit.com .duiadns.net .now-dns.com .now-dns.org
     .x10host.com .myddns.me .ddnsking.com .3utilities.com .ddnsfree.com .kozow.com .loseyourip.com .ooguy.com .theworkpc.com
     .casacam.net .camdvr.org .accesscam.org .mywire.org .webredirect.org .giize.com .gleeze.com .freeddns.org .publicvm.com
     .linkpc.net .nerdpol.ovh .cloudns.net .cloudns.cl .cloudns.asia .cloudns.be .synology.me .myds.me .myqnapcloud.com`,
    'The names of each provider, from its own site',
  ),
  'remote-access': category(
    'Remote access and support',
    `.teamviewer.com .anydesk.com .net.anydesk.com .rustdesk.com .logmein.com .logme.in .gotomypc.com .gotoassist.com
     .splashtop.com .splashtop.eu .screenconnect.com .connectwise.com .hostedrmm.com .bomgarcloud.com .beyondtrustcloud.com
     .remotepc.com .dwservice.net .zohoassist.com .ammyy.com .aeroadmin.com .supremocontrol.com .remoteutilities.com .getscreen.me
     .parsec.app .parsecgaming.com .realvnc.com .services.vnc.com .islonline.com .islonline.net .atera.com .kaseya.com .kaseya.net
     .ninjarmm.com .ninjaone.com .n-able.com .simple-help.com .showmypc.com .iperius.com .action1.com .fleetdeck.io
     .level.io .meshcentral.com .tacticalrmm.com .ngrok.com .ngrok.io .ngrok-free.app .ngrok.app .ngrok.dev .localtunnel.me .loca.lt
     .serveo.net .pagekite.me .trycloudflare.com .argotunnel.com .tailscale.com .cloudflareaccess.com .playit.gg .ply.gg .localxpose.io .localto.net .pinggy.io
     .zrok.io .tunnelmole.net .remote.it .remotedesktop.google.com remotedesktop-pa.googleapis.com .devtunnels.ms .tunnels.api.visualstudio.com`,
    'https://lolrmm.io and the names of each product, from its own site',
  ),
  'crypto-mining': category(
    'Pools of cryptocurrency mining',
    `.minexmr.com .supportxmr.com .nanopool.org .moneroocean.stream .monerohash.com .hashvault.pro .c3pool.com .c3pool.org
     .xmrpool.eu .xmrpool.net .p2pool.io .minergate.com .nicehash.com .2miners.com .ethermine.org .flexpool.io .f2pool.com
     .antpool.com .viabtc.com .poolin.com .slushpool.com .braiins.com .ckpool.org .btc.com .luxor.tech .luckypool.io
     .herominers.com .unmineable.com .prohashing.com .mining-dutch.nl .zpool.ca .ezil.me .woolypooly.com .k1pool.com
     .miningpoolhub.com .kryptex.network .kryptex.com .coinhive.com .coin-hive.com .crypto-loot.com .cryptoloot.pro .webmine.cz
     .jsecoin.com .coinimp.com .minero.cc .deepminer.net .authedmine.com .xmrig.com .rx.unmineable.com .skypool.org
     .gntl.uk .zergpool.com .rplant.xyz .raptoreum.com .dxpool.com .hiveon.net .hiveon.com .emcd.io .spiderpool.com`,
    'The names of each pool, from its own site',
  ),
  // Sites whose clients are private people. What no list named was left out: a wrong name here is a way past inspection.
  finance: category(
    'Banks, payment, brokers and insurers',
    `.americanexpress.com .bankofamerica.com .bankofireland.com .barclays.co.uk .bbva.es .bmo.com .bnpparibas.com
     .caisse-epargne.fr .capitalone.com .chase.com .cibc.com .citi.com .citibank.com .citizensbank.com .coinbase.com
     .comdirect.de .commbank.com.au .commerzbank.de .consorsbank.de .credit-agricole.fr .creditmutuel.fr .danskebank.dk
     .dbs.com.sg .deutsche-bank.de .discover.com .dkb.de .dnb.no .etrade.com .fidelity.com .fnb.co.za .geico.com .halifax.co.uk
     .handelsbanken.se .hsbc.co.uk .hsbc.com .icicibank.com .ing.de .ing.nl .interactivebrokers.com .intesasanpaolo.com
     .klarna.com .labanquepostale.fr .lcl.fr .lloydsbank.com .monzo.com .morganstanley.com .n26.com .nab.com.au
     .nationwide.co.uk .natwest.com .navyfederal.org .nordea.fi .nordea.se .norisbank.de .paypal.com .pnc.com .postbank.de
     .progressive.com .rabobank.nl .rbcroyalbank.com .rbs.co.uk .revolut.com .robinhood.com .santander.co.uk .schwab.com
     .scotiabank.com .seb.se .societegenerale.fr .sofi.com .sparkasse.de .starlingbank.com .statefarm.com .stripe.com
     .swedbank.se .targobank.de .td.com .tdbank.com .truist.com .ubs.com .usaa.com .usbank.com .vanguard.com .venmo.com
     .wealthfront.com .wellsfargo.com .westernunion.com .westpac.com.au .wise.com .zkb.ch`,
    'https://2fa.directory (github.com/2factorauth/twofactorauth) and the list "bank" of https://dsi.ut-capitole.fr/blacklists/',
  ),
  health: category(
    'Doctors, hospitals, pharmacies, health insurers and portals of patients',
    `.aetna.com .anthem.com .aok.de .caremark.com .carilionclinic.org .my.cigna.com .deltadental.com .doctolib.it .drchrono.com
     .followmyhealth.com .gesund.bund.de .hbf.com.au .healthcare.gov .hotdoc.com.au .humana.com .kp.org .mayoclinic.org
     .medicare.gov .mychart.com .myhealth.va.gov .myhealthrecord.gov.au .nhs.uk .patientaccess.com .tk.de .walgreens.com
     .webmd.com .zocdoc.com`,
    'https://2fa.directory, the list "hospitals" of Shalla Secure Services, and sites of health authorities under their states\' own domains',
  ),
}

function category(title: string, domains: string, source: string): Category {
  return { title, domains: domains.split(/\s+/).filter((each) => each !== ''), source }
}
