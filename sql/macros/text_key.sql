-- version: 1
-- description: The key of a text in the vector store: its md5 as a UUID, 16 bytes.
CREATE OR REPLACE MACRO text_key(content) AS md5(content)::UUID
