use super::*;

const ID: &str = "00Dxx0000001gPLEAY";

fn message(organization: &str, inside: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   {organization}
   <ActionId>04kxx00000000A1AAA</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://example.my.salesforce.com/services/Soap/c/62.0/00Dxx</EnterpriseUrl>
   <PartnerUrl>https://example.my.salesforce.com/services/Soap/u/62.0/00Dxx</PartnerUrl>
   <Notification>
    <Id>04lxx0000000001AAA</Id>
    <sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>003xx000000001AAAA</sf:Id>
     <sf:LastName>M&amp;M &lt;OrganizationId&gt;{inside}</sf:LastName>
    </sObject>
   </Notification>
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>
"#
    )
}

fn own() -> String {
    message(&format!("<OrganizationId>{ID}</OrganizationId>"), "")
}

#[test]
fn the_id_of_a_message_is_read() {
    assert_eq!(organization(own().as_bytes()), Ok(ID));
    let other = own().replace("soapenv", "S").replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", "");
    assert_eq!(organization(other.as_bytes()), Ok(ID), "prefixes are the sender's");
    let prefixed = own()
        .replace("<notifications xmlns=", "<o:notifications xmlns:o=")
        .replace("</notifications>", "</o:notifications>");
    let names = ["OrganizationId", "ActionId", "SessionId", "EnterpriseUrl", "PartnerUrl", "Notification"];
    let prefixed = names.iter().fold(prefixed, |text, name| {
        text.replace(&format!("<{name}"), &format!("<o:{name}"))
            .replace(&format!("</{name}>"), &format!("</o:{name}>"))
    });
    assert_eq!(organization(prefixed.as_bytes()), Ok(ID));
}

#[test]
fn the_id_stands_in_one_place_and_in_one_way() {
    let good = format!("<OrganizationId>{ID}</OrganizationId>");
    let evil = "<OrganizationId>00Dyy0000001gPLEAY</OrganizationId>";
    for (text, what) in [
        (message("", ""), "no id"),
        (message(&format!("<!-- {good} -->{evil}"), ""), "a comment"),
        (message(&format!("{good}{evil}"), ""), "two ids"),
        (message(&format!("{evil}{good}"), ""), "two ids, ours last"),
        (message(&format!("<OrganizationId><![CDATA[{ID}]]></OrganizationId>"), ""), "CDATA"),
        (message(&format!("<OrganizationId> {ID}</OrganizationId>"), ""), "a space"),
        (message("<OrganizationId>00Dxx0000001gPL&#69;AY</OrganizationId>", ""), "a reference"),
        (message("<OrganizationId/>", ""), "empty"),
        (message("<OrganizationId></OrganizationId>", ""), "empty too"),
        (message(&format!("<OrganizationId a=\"1\">{ID}</OrganizationId>"), ""), "an attribute"),
        (message(&format!("<OrganizationId xmlns=\"u\">{ID}</OrganizationId>"), ""), "another namespace"),
        (message(&format!("<organizationId>{ID}</organizationId>"), ""), "another case"),
        (message(&format!("<OrganizationId>{ID}<b/></OrganizationId>"), ""), "an element in it"),
        (
            message(&format!("<OrganizationId>{}</OrganizationId>", ID.trim_start_matches("0")), ""),
            "a short id",
        ),
        (message("<OrganizationId>001xx0000001gPLEAY</OrganizationId>", ""), "an id of another kind"),
        (message(&good, "</sf:LastName><sf:ORGANIZATIONID/><sf:LastName>"), "another inside"),
        (message(&good, "</sf:LastName><notifications/><sf:LastName>"), "nested notifications"),
        (message(&good, "<x>"), "broken inside"),
        (own().replace("http://soap.sforce.com/2005/09/outbound", "urn:other"), "another service"),
        (own().replace("schemas.xmlsoap.org", "example.com"), "no SOAP"),
        (own().replace("<soapenv:Body>", "<soapenv:Header/><soapenv:Body>"), "a header"),
        (own().replace("</soapenv:Envelope>", ""), "cut off"),
        (format!("{}{}", own(), own()), "two messages"),
        (own().replace("<ActionId>04kxx00000000A1AAA</ActionId>", ""), "a field less"),
        (own().replace("SessionId", "Notification"), "a notification before its place"),
        (own().replace("<?xml", "<!DOCTYPE a [<!ENTITY x \"y\">]><?xml"), "a document type"),
        (own().replace("UTF-8", "UTF-16"), "another encoding"),
    ] {
        assert_eq!(organization(text.as_bytes()), Err(Broken), "{what}: {text}");
    }
    let utf16: Vec<u8> = own().encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(organization(&utf16), Err(Broken));
}

#[test]
fn notifications_are_counted() {
    let (before, rest) =
        own().split_once("<Notification>").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (_, after) = rest.split_once("</Notification>").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let with =
        |count: usize| format!("{before}{}{after}", "<Notification><Id>1</Id></Notification>".repeat(count));
    assert_eq!(organization(with(1).as_bytes()), Ok(ID));
    assert_eq!(organization(with(MOST_NOTIFICATIONS).as_bytes()), Ok(ID));
    assert_eq!(organization(with(0).as_bytes()), Err(Broken));
    assert_eq!(organization(with(MOST_NOTIFICATIONS + 1).as_bytes()), Err(Broken));
}
