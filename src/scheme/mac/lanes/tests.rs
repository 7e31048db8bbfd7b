use super::*;

/// As they stand in FIPS 180-4.
#[test]
fn the_numbers_are_those_of_the_standard() {
    assert_eq!(INITIAL.first(), Some(&0x6a09_e667));
    assert_eq!(INITIAL.last(), Some(&0x5be0_cd19));
    assert_eq!(CONSTANTS[0][..4], [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5]);
    assert_eq!(CONSTANTS[3][12..], [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2]);
}

#[test]
fn a_block_in_one_lane_leaves_the_others_as_they_would_be_without_it() {
    let blocks: Vec<Block> =
        (0..9_u8).map(|at| std::array::from_fn(|byte| at.wrapping_mul(29) ^ byte as u8)).collect();
    let taken = |blocks: [&Block; LANES]| {
        let mut states = INITIAL.map(|word| [word; LANES]);
        Lanes::any().take(&mut states, &blocks);
        states
    };
    let first: [&Block; LANES] = std::array::from_fn(|lane| &blocks[lane]);
    let before = taken(first);
    for changed in 0..LANES {
        let mut other = first;
        other[changed] = &blocks[8];
        for (word, (before, after)) in before.iter().zip(taken(other)).enumerate() {
            for lane in 0..LANES {
                assert_eq!(before[lane] == after[lane], lane != changed, "word {word} of lane {lane}");
            }
        }
    }
}

#[test]
fn every_lane_takes_a_block_as_the_library_does() {
    for lane in 0..LANES {
        let blocks: [Block; LANES] = std::array::from_fn(|at| [if at == lane { 0x5a } else { 0xa5 }; 64]);
        let mut states = INITIAL.map(|word| [word; LANES]);
        Lanes::any().take(&mut states, &blocks.each_ref());
        let mut due = INITIAL;
        sha2::block_api::compress256(&mut due, &[[0x5a; 64]]);
        assert_eq!(states.map(|words| words[lane]), due);
    }
}
