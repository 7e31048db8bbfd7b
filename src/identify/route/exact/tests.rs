use super::*;

#[test]
fn an_entry_is_one_cache_line() {
    assert_eq!((size_of::<Entry>(), align_of::<Entry>()), (64, 64));
}

#[test]
fn a_text_of_any_length_is_told_as_it_was() {
    for length in [0, 1, INLINE - 1, INLINE, INLINE + 1, 255, 256, 300] {
        let text = vec![b'a'; length];
        assert_eq!(Text::new(text.clone().into_boxed_slice()).bytes(), text, "{length} bytes");
    }
}

#[test]
fn every_known_method_has_a_bit_of_its_own() {
    let bits = Methods::KNOWN.iter().fold(0, |all, method| all | Methods::bit(method).unwrap());
    assert_eq!(bits.count_ones() as usize, Methods::KNOWN.len());
}

#[test]
fn methods_take_what_is_among_them_and_no_methods_take_all() {
    let brew = Method::from_bytes(b"BREW").unwrap();
    let some = Methods::of(&[Method::POST, Method::PATCH]).unwrap();
    assert!(some.take(&Method::PATCH) && !some.take(&Method::GET) && !some.take(&brew));
    let any = Methods::of(&[]).unwrap();
    assert!(any.take(&Method::GET) && any.take(&brew));
    assert_eq!(Methods::of(&[Method::GET, brew]), None, "an unknown one must not become `any`");
}
