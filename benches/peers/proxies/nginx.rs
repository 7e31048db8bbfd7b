//! nginx: `allow` lines, a `map` of keys, `limit_req` per key; signatures in Lua with OpenSSL called directly, the key
//! prepared once.

use super::{Launch, Site};
use crate::scenario::{self, Scenario};

const CONFIG: &str = r#"daemon off;
worker_processes 1;
pid @FOLDER@/nginx.pid;
error_log @FOLDER@/error.log warn;
@USER@
@MODULES@
events { worker_connections 8192; }
http {
  access_log @LOG@;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  client_max_body_size 2m;
  client_body_buffer_size 2m;
  client_body_temp_path @FOLDER@/body;
  proxy_temp_path @FOLDER@/proxy;
  fastcgi_temp_path @FOLDER@/fastcgi;
  uwsgi_temp_path @FOLDER@/uwsgi;
  scgi_temp_path @FOLDER@/scgi;
@OUTSIDE@
  upstream app {
    server 127.0.0.1:@ORIGIN@;
    keepalive 1024;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:@PORT@ @LISTEN@ backlog=4096;
@INSIDE@
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
@LOCATION@
    }
  }
}
"#;

const MODULES: &str = "load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;";

const LUA: &str = r#"local ffi = require "ffi"
ffi.cdef[[
typedef struct evp_md_st EVP_MD;
typedef struct hmac_ctx_st HMAC_CTX;
typedef struct engine_st ENGINE;
const EVP_MD *EVP_sha256(void);
HMAC_CTX *HMAC_CTX_new(void);
int HMAC_Init_ex(HMAC_CTX *ctx, const void *key, int len, const EVP_MD *md, ENGINE *impl);
int HMAC_Update(HMAC_CTX *ctx, const unsigned char *data, size_t len);
int HMAC_Final(HMAC_CTX *ctx, unsigned char *md, unsigned int *len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]
local C = ffi.C
local secret = "@SECRET@"
local context = C.HMAC_CTX_new()
assert(C.HMAC_Init_ex(context, secret, #secret, C.EVP_sha256(), nil) == 1)
local tag = ffi.new("unsigned char[32]")
local length = ffi.new("unsigned int[1]")
local hex = ffi.new("unsigned char[64]")
local digits = ffi.new("unsigned char[16]", "0123456789abcdef")
local bit = require "bit"
local M = {}
function M.check()
  local given = ngx.var.http_x_hub_signature_256
  if not given or #given ~= 71 or string.sub(given, 1, 7) ~= "sha256=" then
    return ngx.exit(401)
  end
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if not body then
    return ngx.exit(413)
  end
  C.HMAC_Init_ex(context, nil, 0, nil, nil)
  C.HMAC_Update(context, body, #body)
  C.HMAC_Final(context, tag, length)
  for i = 0, 31 do
    hex[2 * i] = digits[bit.rshift(tag[i], 4)]
    hex[2 * i + 1] = digits[bit.band(tag[i], 15)]
  end
  if C.CRYPTO_memcmp(hex, string.sub(given, 8), 64) ~= 0 then
    return ngx.exit(401)
  end
end
return M
"#;

/// The parts of the file that differ from scenario to scenario.
#[derive(Default)]
struct Parts {
    modules: &'static str,
    outside: String,
    inside: String,
    location: &'static str,
}

pub(super) fn launch(scenario: Scenario, site: Site<'_>) -> Launch {
    let parts = match scenario {
        Scenario::Pass | Scenario::Http2 => Parts::default(),
        Scenario::Keyed | Scenario::Full => keyed(),
        Scenario::Signed | Scenario::SignedLarge => signed(),
    };
    let log = match scenario {
        Scenario::Full => "@FOLDER@/access.log combined buffer=64k flush=200ms",
        Scenario::Pass | Scenario::Http2 | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge => {
            "off"
        }
    };
    let listen = match scenario {
        Scenario::Http2 => "http2",
        Scenario::Pass | Scenario::Full | Scenario::Keyed | Scenario::Signed | Scenario::SignedLarge => "",
    };
    // Only who may choose another user is asked for one, and its own folder is this user's.
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    let config = CONFIG
        .replace("@USER@", user)
        .replace("@MODULES@", parts.modules)
        .replace("@LOG@", log)
        .replace("@LISTEN@", listen)
        .replace("@OUTSIDE@", &parts.outside)
        .replace("@INSIDE@", &parts.inside)
        .replace("@LOCATION@", parts.location);
    Launch::new(
        &site.tools.nginx,
        &["-p", &site.file(""), "-e", &site.file("error.log"), "-c", &site.file("nginx.conf")],
    )
    .with_file("nginx.conf", site.fill(&config))
    .with_file("signature.lua", LUA.replace("@SECRET@", scenario::SECRET))
}

fn keyed() -> Parts {
    let keys: String = (0..scenario::KEYS)
        .map(|number| format!("    {} caller{number};\n", scenario::key(number)))
        .collect();
    let allowed: String =
        scenario::allowed().iter().map(|network| format!("    allow {network};\n")).collect();
    let rate = scenario::QUOTA_PER_MINUTE / 60 / 10;
    Parts {
        modules: "",
        outside: format!(
            "  map $http_x_api_key $caller {{\n    default \"\";\n{keys}  }}\n  limit_req_zone $caller zone=quota:10m rate={rate}r/s;\n  limit_req_status 429;\n"
        ),
        inside: format!(
            "{allowed}    deny all;\n    if ($caller = \"\") {{ return 401; }}\n    limit_req zone=quota burst=1000000 nodelay;\n"
        ),
        location: "      proxy_set_header X-API-Key \"\";\n      proxy_set_header X-Caller $caller;",
    }
}

fn signed() -> Parts {
    Parts {
        modules: MODULES,
        outside: "  lua_package_path \"@FOLDER@/?.lua;;\";\n  init_by_lua_block { signature = require \"signature\" }\n".to_owned(),
        inside: "    access_by_lua_block { return signature.check() }\n".to_owned(),
        location: "      proxy_request_buffering on;",
    }
}
