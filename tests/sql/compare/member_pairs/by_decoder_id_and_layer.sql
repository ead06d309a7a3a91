-- a and b have one decoder file: features pair by id, although the SAE ids differ in spelling. c has
-- another decoder, of the same layer 4 (a tie of layers): by decoder. d has none: by its SAE id, which
-- ties with c's, and not with a's or b's. e names no layer and has a null SAE id: nothing.
-- given collection.members: member VARCHAR, member_order INTEGER, sae_id VARCHAR, decoder_hash VARCHAR
('a', 0, 'x/layer_4/width_40', 'h1'),
('b', 1, 'X/layers.4', 'h1'),
('c', 2, 'y/layer_4/width_80', 'h2'),
('d', 3, 'y/layer_4/width_80', NULL),
('e', 4, NULL, 'h3'),
-- expect: member, other_member, same_sae, same_layer, pairing
('a', 'b', true, true, 'feature_id'),
('a', 'c', false, true, 'decoder'),
('a', 'd', false, true, NULL),
('a', 'e', false, false, NULL),
('b', 'c', false, true, 'decoder'),
('b', 'd', false, true, NULL),
('b', 'e', false, false, NULL),
('c', 'd', true, true, 'feature_id'),
('c', 'e', false, false, NULL),
('d', 'e', false, false, NULL)
