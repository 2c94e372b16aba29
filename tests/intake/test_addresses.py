"""Which hosts, ports and networks may be asked."""

import pytest

from aggregator.errors import FetchError
from aggregator.errors import Reason
from aggregator.intake.addresses import canonical_host
from aggregator.intake.addresses import check_url
from aggregator.intake.addresses import choose
from aggregator.intake.addresses import networks
from aggregator.intake.addresses import port_refusal
from aggregator.intake.addresses import refusal

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::5db8:d822"]
LOOPBACK = networks(["127.0.0.0/8"])

REFUSED = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "unspecified",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "::1": "loopback",
    "10.1.2.3": "private",
    "172.31.255.255": "private",
    "192.168.0.1": "private",
    "fd00:ec2::254": "private",
    "100.64.0.1": "shared",
    "100.127.255.255": "shared",
    "169.254.169.254": "link-local",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "link-local",
    "192.0.0.192": "protocols",
    "2001::1": "protocols",  # Teredo
    "2001:2::1": "protocols",
    "192.0.2.1": "documentation",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "2001:db8::1": "documentation",
    "2002:0a00:0001::": "6to4",
    "2002:5db8:d822::": "6to4",
    "198.19.0.1": "benchmarks",
    "224.0.0.1": "multicast",
    "ff02::1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:169.254.169.254": "link-local",
    "64:ff9b::a00:1": "private",
    "64:ff9b::127.0.0.1": "loopback",
    "64:ff9b:1:a00:0:100::": "not a public",
    "64:ff9b:1:5db8:d8:2200::": "not a public",
    "::": "not a public",
    "::127.0.0.1": "not a public",
    "::ffff:0:127.0.0.1": "not a public",
    "5f00::1": "not a public",
    "localhost": "not an address",
    "": "not an address",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_dialled(address):
    assert refusal(address, allow=()) is None


@pytest.mark.parametrize(("address", "why"), REFUSED.items(), ids=REFUSED)
def test_an_address_that_is_not_public_is_refused(address, why):
    assert why in (refusal(address, allow=()) or "")


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_an_allowed_network_excuses_its_addresses(address):
    assert refusal(address, allow=LOOPBACK) is None


@pytest.mark.parametrize("address", ["10.0.0.1", "::1", "2002:7f00:1::", "fe80::1"])
def test_an_allowed_network_excuses_no_others(address):
    assert refusal(address, allow=LOOPBACK)


def test_ipv6_networks_can_be_allowed():
    assert refusal("::1", allow=networks(["::1/128"])) is None
    assert refusal("fd00::5", allow=networks(["fd00::/8", "10.0.0.0/8"])) is None


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_web_ports_may_be_dialled_anywhere(port):
    assert port_refusal("93.184.216.34", port, allow=()) is None


@pytest.mark.parametrize("port", [22, 25, 81, 6379])
def test_other_ports_only_in_allowed_networks(port):
    assert port_refusal("93.184.216.34", port, allow=LOOPBACK)
    assert port_refusal("127.0.0.9", port, allow=LOOPBACK) is None


HOSTS = {
    "Example.Test": "example.test",
    "hcm.edu.vn.": "hcm.edu.vn",
    "pgdquan1_cu.hcm.edu.vn": "pgdquan1_cu.hcm.edu.vn",
    "báo-tuổi-trẻ.vn": "xn--bo-tui-tr-01a4815f1ia.vn",
    "ba\u0301o-tuổi-trẻ.vn": "xn--bo-tui-tr-01a4815f1ia.vn",
    "1e100.test": "1e100.test",
    "127.0.0.1": "127.0.0.1",
    "127.0.0.1.": "127.0.0.1",
    "127.1": "127.0.0.1",
    "127.0.1": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "0x7f000001": "127.0.0.1",
    "0X7F.1": "127.0.0.1",
    "0x7f.0x0.0x0.0x1": "127.0.0.1",
    "0177.0.0.1": "127.0.0.1",
    "00177.0000.00000.000001": "127.0.0.1",
    "0xa9.0376.43518": "169.254.169.254",
    "0": "0.0.0.0",
    "0x": "0.0.0.0",
    "4294967295": "255.255.255.255",
    "[::1]": "::1",
    "[0:0::FFFF:127.0.0.1]": "127.0.0.1",
    "[2606:2800:0220::0001]": "2606:2800:220::1",
}


@pytest.mark.parametrize(("host", "canonical"), HOSTS.items(), ids=HOSTS)
def test_a_host_has_one_form(host, canonical):
    assert canonical_host(host) == canonical


@pytest.mark.parametrize(
    "host",
    [
        "",
        ".",
        "a..b",
        "a.test..",
        "-a.test",
        "a b.test",
        "a%00.test",
        "127.0.0.1%09www.a.test",
        "a,b.test",
        "a+&.test",
        "o177.0.0.1",
        "256.0.0.1",
        "425.510.425.510",
        "1.2.3.4.5",
        "08.1",
        "127.0.0.0x1g.1",
        "4294967296",
        "7147006462",
        "9" * 5000,
        "a" * 64 + ".test",
        ".".join(["abcdefgh"] * 30),
        "ⓔⓧⓐⓜⓟⓛⓔ.ⓒⓞⓜ",
        "127。0。0。1",
        "１２７.0.0.1",
        "②⑧⑤②⓪③⑨①⑥⑥",
        "faß.test",
        "a\u200db.test",
        "\ud800.test",
        "[]",
        "[::1",
        "[::1%1]",
        "[fe80::1%25eth0]",
        "[127.0.0.1]",
        "[::𝟭２⑦．𝟶．⓪．𝟭]",
    ],
)
def test_a_host_that_can_be_read_in_two_ways_is_refused(host):
    with pytest.raises(FetchError) as caught:
        canonical_host(host)
    assert caught.value.reason is Reason.BAD_URL


URLS = {
    "http://hcm.edu.vn": "http://hcm.edu.vn/",
    "HTTP://HCM.edu.vn:80/rss?a=1#top": "http://hcm.edu.vn/rss?a=1",
    "https://hcm.edu.vn:443/": "https://hcm.edu.vn/",
    "https://hcm.edu.vn:80/": "https://hcm.edu.vn:80/",
    "http://hcm.edu.vn:/rss": "http://hcm.edu.vn/rss",
    "http://hcm.edu.vn:8080?x": "http://hcm.edu.vn:8080/?x",
    "http://user:pass@hcm.edu.vn/": "http://hcm.edu.vn/",
    "http://hcm.edu.vn/tin-tức?q=thư": ("http://hcm.edu.vn/tin-t%E1%BB%A9c?q=th%C6%B0"),
    "http://hcm.edu.vn/a%20b%C3%A9|<": "http://hcm.edu.vn/a%20b%C3%A9%7C%3C",
    "http://0x7f.1/": "http://127.0.0.1/",
    "http://[2606:2800:0220::1]:8080/": "http://[2606:2800:220::1]:8080/",
}


@pytest.mark.parametrize(("url", "asked"), URLS.items(), ids=URLS)
def test_a_url_is_asked_in_one_form(url, asked):
    assert check_url(url).url == asked


def test_a_checked_url_says_where_to_dial():
    target = check_url("https://HCM.edu.vn/rss")
    assert (target.scheme, target.host, target.port) == ("https", "hcm.edu.vn", 443)
    assert not target.literal
    assert check_url("http://2130706433/").literal
    assert check_url("http://[2606:2800:220::1]/").host == "2606:2800:220::1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hcm.edu.vn/rss",
        "//hcm.edu.vn/rss",
        "http:hcm.edu.vn/",
        "http:/hcm.edu.vn/",
        "http:///rss",
        "http://:80/",
        "http://@/",
        "file:///etc/passwd",
        "ftp://hcm.edu.vn/",
        "feed:http://hcm.edu.vn/",
        "http:\\\\hcm.edu.vn\\",
        "http://hcm.edu.vn\\@127.0.0.1/",
        "http://a@b@hcm.edu.vn/",
        "http://hcm.edu.vn/a b",
        "http://hcm.edu.vn/\r\nHost: x",
        "http://hcm.edu.vn/\x00",
        "http://hcm.edu.vn/\u2028",
        "http://hcm.edu.vn/\ud800",
        " http://hcm.edu.vn/",
        "http://hcm.edu.vn:0/",
        "http://hcm.edu.vn:65536/",
        "http://hcm.edu.vn:80:80/",
        "http://hcm.edu.vn:80%0d%0aX:1/",
        "http://hcm.edu.vn:-80/",
        "http://hcm.edu.vn:٨٠/",
        "http://hcm.edu.vn:22/",
        "http://[::1/",
        "http://hcm.edu.vn/" + "a" * 4096,
    ],
)
def test_what_is_not_a_plain_web_address_is_refused(url):
    with pytest.raises(FetchError) as caught:
        check_url(url)
    assert caught.value.reason is Reason.BAD_URL


LOCAL = [
    "localhost",
    "LOCALHOST.",
    "a.localhost",
    "printer.local",
    "metadata.google.internal",
    "intranet",
    "ip6-loopback",
    "example.com",
    "www.example.org",
    "metadata.packet.net",
    "router.home.arpa",
]


@pytest.mark.parametrize("host", LOCAL)
def test_a_local_name_is_refused_before_any_look_up(host):
    with pytest.raises(FetchError) as caught:
        check_url(f"http://{host}/")
    assert caught.value.reason is Reason.PRIVATE_ADDRESS


@pytest.mark.parametrize("host", LOCAL)
def test_a_local_name_may_stand_for_an_allowed_address_alone(host):
    target = check_url(f"http://{host}:9000/", allow=LOOPBACK)
    found = ["93.184.216.34", "127.0.0.5"]
    assert choose(target, found, port=9000, allow=LOOPBACK) == ("127.0.0.5",)
    with pytest.raises(FetchError) as caught:
        choose(target, ["93.184.216.34"], port=80, allow=LOOPBACK)
    assert caught.value.reason is Reason.PRIVATE_ADDRESS


@pytest.mark.parametrize("host", ["locals.test", "my-localhost.vn", "notexample.com"])
def test_a_name_that_only_resembles_a_local_one_is_asked(host):
    assert check_url(f"http://{host}/").host == host


CHOICES = {
    "none": ([], 80, Reason.DNS),
    "private": (["10.0.0.1"], 80, Reason.PRIVATE_ADDRESS),
    "private at an odd port": (["10.0.0.1"], 22, Reason.PRIVATE_ADDRESS),
    "public at an odd port": (["8.8.8.8"], 22, Reason.BAD_URL),
    "garbage": (["no address"], 80, Reason.PRIVATE_ADDRESS),
}


@pytest.mark.parametrize(("found", "port", "reason"), CHOICES.values(), ids=CHOICES)
def test_answers_that_may_not_be_dialled_have_a_reason(found, port, reason):
    with pytest.raises(FetchError) as caught:
        choose(check_url("http://a.test/"), found, port=port, allow=LOOPBACK)
    assert caught.value.reason is reason


def test_of_mixed_answers_the_public_ones_are_kept_in_order():
    found = ["10.0.0.1", "8.8.8.8", "::1", "93.184.216.34"]
    target = check_url("http://a.test/")
    assert choose(target, found, port=80, allow=()) == ("8.8.8.8", "93.184.216.34")


def test_a_name_with_very_many_addresses_is_cut_short():
    found = [f"8.8.8.{n}" for n in range(200)]
    chosen = choose(check_url("http://a.test/"), found, port=80, allow=())
    assert chosen == tuple(found[:8])
