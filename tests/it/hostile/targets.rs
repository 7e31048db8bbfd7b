//! Targets by which someone might reach `/admin` past its rule (reliability, class 3.4).

use super::table::{Case, Table, Want, first};

/// Spellings some app reads as a path at or below `/admin`, or that start there and leave again.
pub(super) const SPELLINGS: [&str; 78] = [
    "/admin",
    "/admin/",
    "/admin/x",
    "/admin?",
    "/admin?x=/public",
    "/admin/?x",
    "/admin//",
    "/admin/.",
    "/admin/..",
    "/admin/../x",
    "/admin/./x",
    "/admin/%2e%2e/x",
    "/admin/..;/x",
    "/x/../admin",
    "/x/../admin/x",
    "/./admin",
    "/././admin",
    "/x/y/../../admin",
    "/../admin",
    "/../../admin",
    "/x/../x/../admin",
    "//admin",
    "///admin",
    "/x//../admin",
    "/x/..//admin",
    "/x/.//../admin",
    "/%2e/admin",
    "/%2E/admin",
    "/%2e%2e/admin",
    "/.%2e/admin",
    "/%2e./admin",
    "/x/%2e%2e/admin",
    "/x/%2E%2e/admin",
    "/x/%2e%2e%2fadmin",
    "/x/..%2fadmin",
    "/x/..%2Fadmin",
    "/x/..%5cadmin",
    "/x/..%5Cadmin",
    "/x%2f..%2fadmin",
    "/x%5c..%5cadmin",
    "/%2fadmin",
    "/%2Fadmin",
    "/%5cadmin",
    "/x/%252e%252e/admin",
    "/x/%252e%252e%252fadmin",
    "/x/..%252fadmin",
    "/x/..%255cadmin",
    "/%252fadmin",
    "/%252e/admin",
    "/%61dmin",
    "/adm%69n",
    "/%41dmin",
    "/%2561dmin",
    "/a%2564min",
    "/ADMIN",
    "/Admin",
    "/aDmIn/x",
    "/ADMIN/",
    "/%41DMIN",
    "/x/../ADMIN",
    "/x/..;/admin",
    "/x/..;a=b/admin",
    "/x/.;/../admin",
    "/;/admin",
    "/;x/admin",
    "/.;/admin",
    "/x;/../admin",
    "/x/;/../admin",
    "/admin;",
    "/admin;a=b",
    "/admin;x=y/action",
    "/admin%2f",
    "/admin%2fx",
    "/admin%5cx",
    "/admin%252fx",
    "/admin%3bx",
    "/%61%64%6d%69%6e",
    "/%2561%2564%256d%2569%256e",
];

/// Spellings with bytes a URI may not hold; some servers take them anyway.
const RAW: [&[u8]; 12] = [
    b"/x\\..\\admin",
    b"/x/..\\admin",
    b"/\\admin",
    b"\\admin",
    b"/admin\\x",
    b"/admin#",
    b"/admin#/public",
    b"/x#/../admin",
    b"#/admin",
    b"/admin\xff",
    b"/\xc1\xa1dmin",
    b"/admin%00",
];

/// Spellings that name another path for every reading the gate knows of.
const OTHER: [&str; 17] = [
    "/administrator",
    "/x/admin",
    "/admin.",
    "/admin%20",
    "/admin%zz",
    "/%u0061dmin",
    "/%c1%81dmin",
    "/%25252fadmin",
    "/x?../admin",
    "/x?/../admin",
    "/xadmin",
    "/adminx/..",
    "/x/%c0%ae%c0%ae/admin",
    "/x/...../admin",
    "/%",
    "/%2",
    "/x/%00",
];

pub(super) fn cases() -> Vec<Case> {
    let mut table = Table::of("target");
    for (number, target) in SPELLINGS.into_iter().enumerate() {
        for method in ["GET", "POST"] {
            let bytes = first(format!("{method} {target} HTTP/1.1"));
            table.add(&format!("{method}-{number}").to_lowercase(), &bytes, Want::Refused(&[400, 401]));
        }
        let absolute = first(format!("GET http://gate.test{target} HTTP/1.1"));
        table.add(&format!("absolute-{number}"), &absolute, Want::Refused(&[400, 401]));
    }
    for (number, target) in RAW.into_iter().enumerate() {
        let bytes = first([b"GET ", target, b" HTTP/1.1"].concat());
        table.add(&format!("raw-{number}"), &bytes, Want::Refused(&[400, 401]));
    }
    for (number, target) in OTHER.into_iter().enumerate() {
        table.add(&format!("other-{number}"), &first(format!("GET {target} HTTP/1.1")), Want::Judged);
    }
    overrides(&mut table);
    forms(&mut table);
    table.cases
}

fn overrides(table: &mut Table) {
    for name in [
        "X-Original-URL",
        "X-Rewrite-URL",
        "X_Original_URL",
        "X-Original-Uri",
        "X-Forwarded-Uri",
        "X-Forwarded-Prefix",
    ] {
        let to =
            format!("GET /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n{name}: /admin-SPOOF\r\n\r\n");
        table.add("url-override", to.as_bytes(), Want::Judged);
        let from =
            format!("GET /admin HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n{name}: /open-SPOOF\r\n\r\n");
        table.add("url-override-away", from.as_bytes(), Want::Refused(&[400, 401]));
    }
    for name in [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X_HTTP_Method_Override",
        "X.Method.Override",
    ] {
        let bytes = format!(
            "POST /open HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\n{name}: SPOOF\r\nContent-Length: 0\r\n\r\n"
        );
        table.add("method-override", bytes.as_bytes(), Want::Judged);
    }
    let hook = "GET /hook HTTP/1.1\r\nHost: gate.test\r\nX-Case: @@\r\nX-HTTP-Method-Override: POST\r\n\r\n";
    table.add("method-override-to-hook", hook.as_bytes(), Want::Refused(&[400, 405]));
}

fn forms(table: &mut Table) {
    let bad = [
        "GET open HTTP/1.1",
        "GET ?x HTTP/1.1",
        "GET ?/open HTTP/1.1",
        "GET * HTTP/1.1",
        "GET gate.test/open HTTP/1.1",
        "GET http:/open HTTP/1.1",
        "GET http:open HTTP/1.1",
        "GET http:///open HTTP/1.1",
        "GET ftp://gate.test/open HTTP/1.1",
        "GET file:///open HTTP/1.1",
        "GET ws://gate.test/open HTTP/1.1",
        "GET http://user@gate.test/open HTTP/1.1",
        "GET http://user:secret@gate.test/open HTTP/1.1",
        "GET http://other.test/open HTTP/1.1",
        "GET http://gate.test:99999/open HTTP/1.1",
        "GET http://gate.test:81/open HTTP/1.1",
        "GET http://gate.test,other.test/open HTTP/1.1",
        "GET http://gate.test\\@other.test/open HTTP/1.1",
        "GET http://gate.test/open#x HTTP/1.1",
        "GET /open#x HTTP/1.1",
        "GET //other.test/../admin HTTP/1.1",
        "GET http://[::1/open HTTP/1.1",
        "POST * HTTP/1.1",
        "OPTIONS admin HTTP/1.1",
        "GET gate.test:80 HTTP/1.1",
    ];
    for (number, line) in bad.into_iter().enumerate() {
        table.add(&format!("form-{number}"), &first(line), Want::Refused(&[400, 401]));
    }
    let absolute = first("GET http://gate.test/open?a=b HTTP/1.1");
    table.add("form-absolute", &absolute, Want::Passed("/open?a=b".into(), Vec::new()));
    for line in [
        "OPTIONS * HTTP/1.1",
        "GET http://GATE.TEST/open HTTP/1.1",
        "GET http://gate.test:80/open HTTP/1.1",
        "GET https://gate.test/open HTTP/1.1",
        "GET http://gate.test?x HTTP/1.1",
        "GET HTTP://gate.test/open HTTP/1.1",
    ] {
        table.add("form-odd", &first(line), Want::Judged);
    }
    for byte in *b"\"<>^`{|}" {
        let line = [b"GET /open/", [byte].as_slice(), b" HTTP/1.1"].concat();
        table.add(&format!("char-{byte:02x}"), &first(line), Want::Judged);
    }
    for byte in [0x80u8, 0xc3, 0xff] {
        let line = [b"GET /open/", [byte].as_slice(), b" HTTP/1.1"].concat();
        table.add(&format!("char-{byte:02x}"), &first(line), Want::Refused(&[400]));
    }
    let same = "/open/a%20b/%7E?q=%2F&r=a+b&&=";
    table.add("same-bytes", &first(format!("GET {same} HTTP/1.1")), Want::Passed(same.into(), Vec::new()));
}
